/** An in-memory cache of what the catalogue page shows. */
export class CatalogueCache {
  private readonly entries = new Map<string, unknown>();

  get(key: string) {
    return this.entries.get(key);
  }

  set(key: string, value: unknown) {
    this.entries.set(key, value);
  }

  delete(key: string) {
    return this.entries.delete(key);
  }

  deleteMany(keys: string[]) {
    for (const key of keys) this.entries.delete(key);
  }

  clear() {
    this.entries.clear();
  }
}

export const cache = new CatalogueCache();
