import { asset } from "fresh/runtime";
import { define } from "../utils.ts";

/** The document around every page. */
export default define.page(function App({ Component, state }) {
  const title = state.title ? `${state.title} · Roomscope` : "Roomscope";
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title}</title>
        <link rel="icon" type="image/svg+xml" href={asset("/favicon.svg")} />
        <script src={asset("/theme.js")} />
        <link rel="stylesheet" href={asset("/tokens.css")} />
        <link rel="stylesheet" href={asset("/styles.css")} />
      </head>
      <body>
        <Component />
      </body>
    </html>
  );
});
