// What is searched for, and its place in the address, so that a search can be sent to a friend.

/** An empty search. */
export function empty() {
  return { q: "", like: "", unlike: [], weight: 0.5, fields: {}, ranges: {}, near: null, sort: "", typed: false };
}

/** An end of a range as an address has it: a number, a day, or null for none; undefined for anything else. */
function end(text) {
  if (text === "") return null;
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return Number.isNaN(Date.parse(text)) ? undefined : text;
  return Number.isFinite(Number(text)) ? Number(text) : undefined;
}

/** The search that an address names, values as fields of these types hold them. What cannot be read in it is left out. */
export function read(query, types) {
  const given = new URLSearchParams(query);
  const state = empty();
  state.q = given.get("q") ?? "";
  state.like = given.get("like") ?? "";
  state.unlike = given.getAll("unlike");
  state.sort = given.get("sort") ?? "";
  state.typed = given.get("typed") === "1";
  const weight = Number(given.get("weight") ?? 0.5);
  if (weight >= 0 && weight <= 1) state.weight = weight;
  for (const [name, value] of given) {
    const field = name.slice(3);
    if (name.startsWith("is.")) (state.fields[field] ??= []).push(types[field] === "bool" ? value === "true" : value);
    if (name.startsWith("in.")) {
      const [from, to] = [...value.split(".."), ""].map(end);
      if (from !== undefined && to !== undefined) state.ranges[field] = [from, to];
    }
  }
  const [lat, lon, km] = (given.get("near") ?? "").split(",").map(Number);
  if ([lat, lon, km].every(Number.isFinite) && Math.abs(lat) <= 90 && Math.abs(lon) <= 180 && km > 0) {
    state.near = { lat, lon, km };
  }
  return state;
}

/** The part of an address after the ?, for a search; empty for an empty one. */
export function write(state) {
  const given = new URLSearchParams();
  if (state.q) given.set("q", state.q);
  if (state.like) given.set("like", state.like);
  state.unlike.forEach((id) => given.append("unlike", id));
  if (state.weight !== 0.5) given.set("weight", String(state.weight));
  for (const [name, values] of Object.entries(state.fields)) values.forEach((one) => given.append(`is.${name}`, one));
  for (const [name, [from, to]] of Object.entries(state.ranges)) given.set(`in.${name}`, `${from ?? ""}..${to ?? ""}`);
  if (state.near) given.set("near", [state.near.lat, state.near.lon, state.near.km].join(","));
  if (state.sort) given.set("sort", state.sort);
  if (state.typed) given.set("typed", "1");
  const text = given.toString();
  return text ? `?${text}` : "";
}

/** The day after a day. */
function after(day) {
  const next = new Date(day);
  next.setUTCDate(next.getUTCDate() + 1);
  return next.toISOString().slice(0, 10);
}

/** The filter of a search: a condition for each field. */
export function where(state) {
  const found = {};
  for (const [name, values] of Object.entries(state.fields)) {
    if (values.length) found[name] = { $in: values };
  }
  for (const [name, [from, to]] of Object.entries(state.ranges)) {
    const one = {};
    if (from !== null) one.$gte = from;
    if (typeof to === "string") one.$lt = after(to); // all of that day, whatever its time
    else if (to !== null) one.$lte = to;
    if (Object.keys(one).length) found[name] = one;
  }
  return found;
}

/** Whether a search has filters. */
export function filtered(state) {
  return Object.keys(where(state)).length > 0 || state.near !== null;
}

/** The body of a search request. */
export function question(state, { k, offset = 0, picture = false }) {
  const body = { k, offset };
  if (state.q.trim()) body.query = state.q.trim();
  if (state.like && !picture) body.like = state.like;
  if (state.unlike.length && (body.query || body.like || picture)) body.unlike = state.unlike;
  const filter = where(state);
  if (Object.keys(filter).length) body.where = filter;
  if (state.near) body.near = state.near;
  if (state.sort) body.sort = state.sort;
  if (state.typed) body.spelling = false;
  if (body.query && (picture || body.like)) {
    body.weights = { text: 1 - state.weight, [picture ? "image" : "like"]: state.weight };
  }
  return body;
}
