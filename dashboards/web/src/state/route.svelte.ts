/** The place after the `#`: "#/machine/mill-1?signal=power". */
class Route {
  path = $state.raw<string[]>([]);
  query = $state.raw(new URLSearchParams());

  constructor() {
    addEventListener("hashchange", () => this.#read());
    this.#read();
  }

  #read(): void {
    const [path = "", search = ""] = location.hash.replace(/^#\/?/, "").split("?");
    this.path = path.split("/").filter(Boolean).map(decodeURIComponent);
    this.query = new URLSearchParams(search);
  }
}

export const route = new Route();

/** An address of a page of this app. */
export function to(...parts: string[]): string {
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}
