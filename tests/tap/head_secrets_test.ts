import { assertEquals } from "@std/assert";
import { hideHeadSecrets } from "@/tap/head_secrets.ts";
import { bytes, text } from "./support.ts";

function hidden(head: string, redact = false): string {
  const before = bytes(head);
  const after = hideHeadSecrets(before, redact);
  assertEquals(text(before), head, "the head itself stays as it was");
  assertEquals(after.length, before.length);
  return text(after);
}

Deno.test("values of secret headers are hidden, whatever the case and the spaces", () => {
  assertEquals(
    hidden("GET / HTTP/1.1\r\nHost: a\r\ncookie:  a=b; c=d\r\nAUTHORIZATION: Bearer x\r\n\r\n"),
    "GET / HTTP/1.1\r\nHost: a\r\ncookie:  ********\r\nAUTHORIZATION: ********\r\n\r\n",
  );
  assertEquals(
    hidden("HTTP/1.1 101 Ok?token=1\r\nSet-Cookie: a=b\r\nX-Cookie: a=b\r\n\r\n"),
    "HTTP/1.1 101 Ok?token=*\r\nSet-Cookie: ***\r\nX-Cookie: a=b\r\n\r\n",
  );
});

Deno.test("a folded line and a line that ends in LF alone hide nothing from us", () => {
  assertEquals(
    hidden("GET / HTTP/1.1\r\nCookie: a\r\n  b=c\r\nHost: a\r\n d\r\n\r\n"),
    "GET / HTTP/1.1\r\nCookie: *\r\n  ***\r\nHost: a\r\n d\r\n\r\n",
  );
  assertEquals(
    hidden("GET / HTTP/1.1\nCookie: a\nHost: a\n"),
    "GET / HTTP/1.1\nCookie: *\nHost: a\n",
  );
  assertEquals(
    hidden("GET / HTTP/1.1\r\nCookie: not ended"),
    "GET / HTTP/1.1\r\nCookie: *********",
  );
});

Deno.test("tokens in the target are hidden; with redact every parameter", () => {
  const head = "GET /ws?room=a&token=abc&Access_Token=d HTTP/1.1\r\nHost: a?token=b\r\n\r\n";
  assertEquals(
    hidden(head),
    "GET /ws?room=a&token=***&Access_Token=* HTTP/1.1\r\nHost: a?token=b\r\n\r\n",
  );
  assertEquals(
    hidden(head, true),
    "GET /ws?room=*&token=***&Access_Token=* HTTP/1.1\r\nHost: a?token=b\r\n\r\n",
  );
});

Deno.test("an empty head, and one of nothing but line ends", () => {
  assertEquals(hidden(""), "");
  assertEquals(hidden("\r\n\r\n\n"), "\r\n\r\n\n");
});
