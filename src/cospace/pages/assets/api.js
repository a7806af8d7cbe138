// What the server is asked. Every request goes to the address the page came from.

/** An answer that is an error: its status, and a message for people. */
export class Failed extends Error {
  constructor(status, message, code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

let send = (path, options) => fetch(path, options);
let asking = null;

/** Ask somebody else than the server: `other(path, options)` gives a promise of a `Response`. */
export function through(other) {
  send = other;
}

/** Who is asked for the token when the server wants one: a function that gives a promise. */
export function onLocked(login) {
  asking = login;
}

/** The response to a request; `Failed` for errors, also where nobody answers. */
export async function call(path, { body, signal, form, method } = {}) {
  const headers = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  let response;
  try {
    response = await send(path, {
      method: method ?? (body === undefined && !form ? "GET" : "POST"),
      headers,
      body: form ?? (body === undefined ? undefined : JSON.stringify(body)),
      signal,
      credentials: "same-origin",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failed(0, "");
  }
  if (response.ok) return response;
  let said = {};
  try {
    said = (await response.json()).error ?? {};
  } catch {
    // The status says enough.
  }
  if (response.status === 401 && asking) {
    await asking();
    return call(path, { body, signal, form, method });
  }
  throw new Failed(response.status, said.message ?? "", said.code);
}

/** The JSON of an answer. */
export async function get(path, given) {
  return (await call(path, given)).json();
}

/** The bytes that base64 stands for. */
export function unpacked(base64) {
  return Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
}

/** The address of a collection's route. */
export function route(collection, rest = "") {
  return `/collections/${encodeURIComponent(collection)}${rest}`;
}

/** One question at a time: a newer one ends those before, so no older answer comes over a newer. */
export class Latest {
  #controller = null;

  /** What `task(signal)` gives, or null where a newer question came. */
  async run(task) {
    this.#controller?.abort();
    const own = new AbortController();
    this.#controller = own;
    try {
      const found = await task(own.signal);
      return own.signal.aborted ? null : { found };
    } catch (error) {
      if (own.signal.aborted || error.name === "AbortError") return null;
      throw error;
    }
  }

  stop() {
    this.#controller?.abort();
  }
}
