/** The mark: a room's plan with its door open, and a trace running through it. */
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path class="logo-room" d="M4 5h24M4 27h24M4 5v22M28 5v6M28 21v6" />
      <path class="logo-trace" d="M4 16h6l2.5-6.5 4 13 3-8.5 1.5 2H31" />
    </svg>
  );
}
