/** Whether a file's name is that of a pointer of DVC. */
export function isDvcPointer(file: string): boolean {
  return /\.dvc$|(^|[/\\])dvc\.lock$/.test(file)
}
