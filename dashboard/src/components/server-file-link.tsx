import type { MouseEvent, ReactNode } from 'react'
import { readFile } from '../api/read-file.ts'
import { useSession } from '../api/session.ts'

/** A link to a file of the server. Where the reader has a key, a press fetches the file with it and saves it. */
export function ServerFileLink({ path, children, newTab }: { path: string; children: ReactNode; newTab?: boolean }) {
  const { key } = useSession()
  const save = (event: MouseEvent) => {
    event.preventDefault()
    void readFile(path)
      .then((file) => saveAs(file, decodeURIComponent(path.slice(path.lastIndexOf('/') + 1))))
      // Whoever may not read it stays where they are; a key that is no longer good leads to the question for another.
      .catch(() => undefined)
  }
  return (
    <a
      href={path}
      {...(newTab ? { target: '_blank', rel: 'noreferrer' } : {})}
      {...(key === null ? {} : { onClick: save })}
    >
      {children}
    </a>
  )
}

function saveAs(file: Blob, name: string): void {
  const address = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}
