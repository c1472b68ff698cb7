import { useId } from 'react'
import './model-picker.css'

/** Which model is asked; nothing to pick from one. */
export function ModelPicker({
  names,
  selected,
  onSelect,
}: {
  names: readonly string[]
  selected: string
  onSelect: (name: string) => void
}) {
  const id = useId()
  if (names.length < 2) return null
  return (
    <div className="model-picker">
      <label htmlFor={id}>Model</label>
      <select id={id} value={selected} onChange={(event) => onSelect(event.target.value)}>
        {names.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </div>
  )
}
