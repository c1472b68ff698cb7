/** The bell that the lead sheep wears. */
export function Logo() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#1f5f5b" />
      <path
        d="M16 5.5a2 2 0 0 1 2 2V8c3.6.9 6 4 6 7.9V20l1.8 2.6c.4.6 0 1.4-.8 1.4H7c-.8 0-1.2-.8-.8-1.4L8 20v-4.1C8 12 10.4 8.9 14 8v-.5a2 2 0 0 1 2-2Z"
        fill="#fff"
      />
      <path d="M13 25.5a3 3 0 0 0 6 0Z" fill="#f2b84b" />
    </svg>
  )
}
