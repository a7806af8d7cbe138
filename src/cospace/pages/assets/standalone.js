// The map as a file of its own: what it shows is in the file, and nothing is asked of anybody.

import { through, unpacked } from "./api.js";
import { roles } from "./cards.js";
import { h, home } from "./dom.js";
import { show } from "./map.js";
import { learn, preferred, speak } from "./words.js";

/** Show the map that `data` holds; `cospace map -o map.html` writes it. */
export async function start(data) {
  speak(preferred());
  learn({ map_light: ["Light up titles that contain", "Titel leuchten lassen, die enthalten"] });
  const { title } = roles(data.metadata);
  const titles = data.items.map((one) => `${one.metadata[title] ?? ""} ${one.text ?? ""}`.toLowerCase());
  const numbers = new Map(data.items.map((one, at) => [one.id, at]));
  const near = data.neighbours ? new Uint32Array(unpacked(data.neighbours).buffer) : null;

  const search = ({ query, like, k }) => {
    if (like !== undefined) {
      if (!near) return [];
      const each = near.length / data.items.length;
      const at = numbers.get(like);
      return [...near.subarray(at * each, (at + 1) * each)].map((one) => data.items[one]);
    }
    const words = query.toLowerCase().split(/\s+/);
    return data.items.filter((_, at) => words.every((word) => titles[at].includes(word))).slice(0, k);
  };
  through(async (path, options) => {
    const asked = options.body ? JSON.parse(options.body) : {};
    const [, last, name] = path.match(/\/(?:collections\/[^/]+)\/(.*?)(?:\?name=([^&]*).*|\?.*)?$/);
    const json = (value) => new Response(JSON.stringify(value));
    if (last === "map") return json(data.head);
    if (last === "map/ids") return json({ ids: data.items.map((one) => one.id) });
    if (last === "map/points") return new Response(unpacked(data.points));
    if (last === "map/labels") return new Response(unpacked(data.labels));
    if (last === "map/field") return json(data.fields[decodeURIComponent(name)]);
    if (last === "items/get") return json({ items: asked.ids.map((id) => data.items[numbers.get(id)]) });
    if (last === "search") return json({ hits: search(asked) });
    return new Response("{}", { status: 404 });
  });
  const main = h("main", { id: "main" });
  home().append(main, h("div", { id: "said", class: "said", role: "status" }));
  document.title = data.name;
  await show(main, data.name, { metadata: data.metadata, served: false });
}
