/** What an error page says. */
export interface ErrorPageProps {
  /** The HTTP status. */
  status: number;
  /** What happened, for people; without it the status speaks. */
  message?: string;
}

const TEXTS: Readonly<Record<number, { title: string; advice: string }>> = {
  400: {
    title: "The server could not read that request.",
    advice: "The address or something sent with it is malformed.",
  },
  401: {
    title: "Nobody is signed in.",
    advice: "Sign in with the server’s admin token.",
  },
  403: {
    title: "That isn’t allowed from here.",
    advice: "The page’s host or origin isn’t on the server’s list, or a permission is missing.",
  },
  404: {
    title: "There is no page at this address.",
    advice: "It may have been a connection or a frame of an earlier run: their numbers begin anew.",
  },
  405: {
    title: "This address doesn’t take that method.",
    advice: "Pages here are only read.",
  },
};

const OTHER = {
  title: "The server could not make this page.",
  advice: "What went wrong is in the server’s log. Its connections go on.",
};

/** An error as a flat line on the screen: status, what it means, where to go. */
export function ErrorPage({ status, message }: ErrorPageProps) {
  const { title, advice } = TEXTS[status] ?? OTHER;
  return (
    <section class="panel notice" aria-labelledby="notice-title">
      <svg class="notice-trace" viewBox="0 0 600 90" aria-hidden="true">
        <path
          class="graticule"
          d="M0 22.5H600M0 45H600M0 67.5H600M100 0V90M200 0V90M300 0V90M400 0V90M500 0V90"
        />
        <path class="trace" d="M0 45H214l16-30 22 62 18-44 12 12H386" />
        <path class="trace trace-lost" d="M398 45H600" />
        <path class="trace-cut" d="M386 37l12 16M398 37l-12 16" />
      </svg>
      <p class="notice-status">
        <span class="engraved">Status</span> <b>{status}</b>
      </p>
      <h1 id="notice-title" class="notice-title">{title}</h1>
      <p>{advice}</p>
      {message && <p class="payload-note">{message}</p>}
      <p>
        <a class="key key-main" href={status === 401 ? "/signin" : "/"}>
          {status === 401 ? "Sign in" : "To the overview"}
        </a>
      </p>
    </section>
  );
}
