import { HttpError } from "fresh";
import { ErrorPage } from "../components/ErrorPage.tsx";
import { define } from "../utils.ts";

/** The last resort: errors that no middleware has turned into a page. */
export default define.page(function LastResort({ error }) {
  return <ErrorPage status={error instanceof HttpError ? error.status : 500} />;
});
