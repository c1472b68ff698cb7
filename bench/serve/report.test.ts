import { describe, expect, it } from 'vitest'
import { groupsOf, median, quantile, readStudents } from './records.ts'
import { isFlat, middle, serveReport } from './report.ts'

const turn = (perSecond: number) => ({ perSecond, halfP50Ms: 1, halfP99Ms: 4, rowsPerSecond: perSecond * 10 })

describe('the bench of the server', () => {
  it('reads the sample into records of numbers without the target, and refuses a cell that is none', () => {
    const { columns, records } = readStudents('a;b;Target\n1;2.5;Graduate\n3;-4;Dropout\n', 'Target')
    expect(columns).toEqual(['a', 'b'])
    expect(records).toEqual([
      { a: 1, b: 2.5 },
      { a: 3, b: -4 },
    ])
    expect(() => readStudents('a;Target\n;Graduate', 'Target')).toThrow('row 1, a: no number')
    expect(() => readStudents('a;Target\n1;2;Graduate', 'Target')).toThrow('row 1 has 3 cells, not 2')
  })

  it('groups records so that groups go on where the one before ended, round and round', () => {
    expect(groupsOf([1, 2, 3], 2, 3)).toEqual([
      [1, 2],
      [3, 1],
      [2, 3],
    ])
  })

  it('takes quantiles by the nearest rank and medians between the middle two', () => {
    const hundred = Float64Array.from({ length: 100 }, (_, at) => 100 - at)
    expect(quantile(hundred, 0.99)).toBe(99)
    expect(quantile(hundred, 0.5)).toBe(50)
    expect(median([4, 1, 3, 2])).toBe(2.5)
    expect(middle({ server: 'x', turns: [turn(1), turn(9), turn(2)] }).perSecond).toBe(2)
  })

  it('calls memory flat within a tenth or 20 MiB of its early self', () => {
    expect(isFlat({ earlyMib: 100, endMib: 120, peakMib: 150, seconds: 60 })).toBe(true)
    expect(isFlat({ earlyMib: 100, endMib: 121, peakMib: 150, seconds: 60 })).toBe(false)
    expect(isFlat({ earlyMib: 290, endMib: 318, peakMib: 318, seconds: 60 })).toBe(true)
  })

  it('says of each bar whether it was reached, reached as aimed, or missed', () => {
    const report = (own: number) =>
      serveReport({
        servers: [
          { server: 'ours', turns: [turn(own)] },
          { server: 'theirs', turns: [turn(100)] },
        ],
        startSeconds: 0.7,
        memory: { earlyMib: 250, endMib: 310, peakMib: 310, seconds: 60 },
        idle: { connections: 10_000, lost: 0, perSecond: 5000, failures: 0 },
      })
    expect(report(8000)).toMatch(/single-row.*\*\*80\.0 x\*\* \(8000 beside 100\) \| aim reached/)
    expect(report(3000)).toMatch(/single-row.*30\.0 x.*reached, not the aim/)
    expect(report(2990)).toMatch(/single-row.*29\.9 x.*\*\*missed\*\*/)
    expect(report(3000)).toMatch(/start to ready.*0\.70 s.*reached, not the aim/)
    expect(report(3000)).toMatch(/memory after 60 s.*310 MiB.*\*\*missed\*\*/)
    expect(report(3000)).toMatch(/10000 idle.*0 errors.*\| reached \|/)
  })

  it('does not pass fewer idle connections off as ten thousand, and leaves out rows that were not measured', () => {
    const idle = { connections: 500, lost: 0, perSecond: 5000, failures: 0 }
    const report = serveReport({ servers: null, startSeconds: null, memory: null, idle })
    expect(report).toContain('fewer than 10,000')
    expect(report).not.toContain('start to ready')
  })
})
