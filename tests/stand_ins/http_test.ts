import {
  accepts,
  acceptsEncodings,
  acceptsLanguages,
  type Cookie,
  deleteCookie,
  type ErrorStatus,
  eTag,
  getCookies,
  getSetCookies,
  ifMatch,
  ifNoneMatch,
  isClientErrorStatus,
  isErrorStatus,
  isInformationalStatus,
  isRedirectStatus,
  isServerErrorStatus,
  isStatus,
  isSuccessfulStatus,
  setCookie,
  STATUS_CODE,
  STATUS_TEXT,
} from "@std/http";
import { assert, assertEquals, assertFalse, assertStringIncludes, assertThrows } from "@std/assert";

function cookiesOf(cookie: string) {
  return getCookies(new Headers({ cookie }));
}

function headerOf(cookie: Cookie): string | null {
  const headers = new Headers();
  setCookie(headers, cookie);
  return headers.get("set-cookie");
}

Deno.test("getCookies gives raw values by trimmed name, the last one of a name", () => {
  const cookies = cookiesOf("a=1;  b=x=y; c=%20; a=2");
  assertEquals({ ...cookies }, { a: "2", b: "x=y", c: "%20" });
  assertEquals(Object.getPrototypeOf(cookies), null);
  assertEquals({ ...getCookies(new Headers()) }, {});
});

Deno.test("getCookies refuses an empty part", () => {
  for (const header of ["a=1;", "", "=1"]) assertThrows(() => cookiesOf(header), SyntaxError);
});

Deno.test("setCookie writes the attributes in their order and appends", () => {
  const headers = new Headers();
  const all: Cookie = {
    name: "a",
    value: "1",
    expires: new Date(0),
    maxAge: 5,
    domain: "example.com",
    path: "/x",
    secure: true,
    httpOnly: true,
    partitioned: true,
    sameSite: "Strict",
    unparsed: ["k=v"],
  };
  setCookie(headers, all);
  setCookie(headers, { name: "b", value: "2" });
  assertEquals(headers.getSetCookie(), [
    "a=1; Secure; HttpOnly; Partitioned; Max-Age=5; Domain=example.com; SameSite=Strict; " +
    "Path=/x; Expires=Thu, 01 Jan 1970 00:00:00 GMT; k=v",
    "b=2",
  ]);
  assertEquals(getSetCookies(headers)[0].maxAge, 5);
});

Deno.test("a name's prefix brings its attributes", () => {
  assertEquals(
    headerOf({ name: "__Host-a", value: "1", domain: "example.com", path: "/x" }),
    "__Host-a=1; Secure; Path=/",
  );
  assertEquals(headerOf({ name: "__Secure-a", value: "1" }), "__Secure-a=1; Secure");
});

Deno.test("setCookie refuses what can't be sent, and passes over what is empty", () => {
  for (const value of [" ", '"', ",", ";", "\\", "ä", "\x7f", "\n"]) {
    assertThrows(() => headerOf({ name: "a", value }), SyntaxError);
  }
  assertThrows(() => headerOf({ name: "a b", value: "1" }), SyntaxError);
  assertThrows(() => headerOf({ name: "a", value: "1", path: "/;" }), SyntaxError);
  assertThrows(() => headerOf({ name: "a", value: "1", domain: "-a" }), SyntaxError);
  assertThrows(() => headerOf({ name: "a", value: "1", maxAge: -1 }), RangeError);
  assertEquals(headerOf({ name: "a", value: "1", maxAge: 1.5 }), "a=1");
  assertEquals(headerOf({ name: "a", value: "1", maxAge: 0 }), "a=1; Max-Age=0");
  assertEquals(headerOf({ name: "", value: "1" }), null);
});

Deno.test("deleteCookie sets an empty value that has expired", () => {
  const headers = new Headers();
  deleteCookie(headers, "a", { path: "/x" });
  assertEquals(headers.get("set-cookie"), "a=; Path=/x; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
});

Deno.test("getSetCookies reads attributes and drops what breaks a prefix's rule", () => {
  const headers = new Headers();
  const lines = [
    "a=1=2; Path=/; HttpOnly; SameSite=Lax; X=y",
    "__Host-b=1; Path=/",
    "__Secure-c=1",
  ];
  for (const line of lines) headers.append("set-cookie", line);
  assertEquals(getSetCookies(headers), [
    { name: "a", value: "1=2", path: "/", httpOnly: true, sameSite: "Lax", unparsed: ["X=y"] },
  ]);
});

Deno.test("eTag is the length and the start of the digest", async () => {
  const hello = '"5-LPJNul+wow4m6DsqxbninhsWHlw"';
  assertEquals(await eTag("hello"), hello);
  assertEquals(await eTag(new TextEncoder().encode("hello")), hello);
  assertEquals(await eTag("hello", { weak: true }), `W/${hello}`);
  assertEquals(await eTag(""), '"0-47DEQpj8HBSa+/TImW+5JCeuQeR"');
  assert(await eTag("hello", { algorithm: "SHA-1" }) !== hello);
});

Deno.test("eTag of a file is weak and comes from its time", async () => {
  const tag = await eTag({ mtime: new Date(0), size: 16 });
  assertStringIncludes(tag!, 'W/"10-');
  assert(tag !== await eTag({ mtime: new Date(1), size: 16 }));
  assertEquals(await eTag({ mtime: null, size: 16 }), undefined);
});

Deno.test("ifNoneMatch is false where the client has it already", () => {
  assert(ifNoneMatch(null, '"a"'));
  assert(ifNoneMatch('"a"', undefined));
  assert(ifNoneMatch('"b", "c"', '"a"'));
  assertFalse(ifNoneMatch('"b", W/"a"', '"a"'));
  assertFalse(ifNoneMatch('"a"', 'W/"a"'));
  assertFalse(ifNoneMatch("*", '"a"'));
});

Deno.test("ifMatch wants the strong tag", () => {
  assert(ifMatch('"b", "a"', '"a"'));
  assert(ifMatch("*", '"a"'));
  assertFalse(ifMatch('W/"a"', 'W/"a"'));
  assertFalse(ifMatch('"b"', '"a"'));
  assertFalse(ifMatch(null, '"a"'));
});

Deno.test("status codes have names and texts", () => {
  assertEquals(Object.keys(STATUS_CODE).length, 62);
  assertEquals(STATUS_CODE.NotFound, 404);
  assertEquals(STATUS_TEXT[404], "Not Found");
  assertEquals(STATUS_TEXT[203], "Non Authoritative Info");
  assertEquals(STATUS_TEXT[207], "Multi Status");
  assertEquals(STATUS_TEXT[200], "OK");
  assertEquals(STATUS_TEXT[226], "IM Used");
  assertEquals(STATUS_TEXT[414], "URI Too Long");
  assertEquals(STATUS_TEXT[505], "HTTP Version Not Supported");
  assertEquals(STATUS_TEXT[418], "I'm a teapot");
});

Deno.test("a status belongs to one class", () => {
  const classes: [(status: number) => boolean, number][] = [
    [isInformationalStatus, 101],
    [isSuccessfulStatus, 204],
    [isRedirectStatus, 308],
    [isClientErrorStatus, 451],
    [isServerErrorStatus, 503],
  ];
  for (const [belongs] of classes) {
    const found = classes.filter(([, status]) => belongs(status)).map(([other]) => other);
    assertEquals(found, [belongs]);
  }
  assert(isStatus(404) && isErrorStatus(404) && isErrorStatus(500));
  assertFalse(isStatus(499) || isClientErrorStatus(499) || isErrorStatus(302));
});

Deno.test("ErrorStatus takes the numbers of errors only", () => {
  const status: ErrorStatus = 404;
  // @ts-expect-error a success is no error
  const wrong: ErrorStatus = 200;
  assert(isErrorStatus(status) && !isErrorStatus(wrong));
});

function requestWith(headers: HeadersInit) {
  return new Request("http://localhost/", { headers });
}

Deno.test("accepts chooses the media type that the client likes best", () => {
  const request = requestWith({ accept: "text/html;q=0.5, application/json, text/*;q=0.1" });
  assertEquals(accepts(request), ["application/json", "text/html", "text/*"]);
  assertEquals(accepts(request, "text/html", "application/json"), "application/json");
  assertEquals(accepts(request, "text/plain"), "text/plain");
  assertEquals(accepts(request, "image/png"), undefined);
  assertEquals(accepts(requestWith({}), "image/png", "text/html"), "image/png");
  assertEquals(accepts(requestWith({})), ["*/*"]);
});

Deno.test("acceptsEncodings and acceptsLanguages do the same", () => {
  const request = requestWith({ "accept-encoding": "gzip;q=0.5, br", "accept-language": "de, en" });
  assertEquals(acceptsEncodings(request, "gzip", "br"), "br");
  assertEquals(acceptsEncodings(request, "zstd"), undefined);
  assertEquals(acceptsEncodings(requestWith({})), ["*"]);
  assertEquals(acceptsLanguages(request), ["de", "en"]);
  assertEquals(acceptsLanguages(request, "en", "fr"), "en");
  assertEquals(acceptsLanguages(requestWith({}), "fr"), "fr");
});
