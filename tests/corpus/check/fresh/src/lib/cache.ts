type Entry<T> = { value: T; expires: number };

export class MemoryCache<T> {
  private entries = new Map<string, Entry<T>>();

  constructor(private readonly ttlMs: number) {}

  get(key: string): T | undefined {
    const hit = this.entries.get(key);
    if (hit && hit.expires < Date.now()) {
      this.entries.delete(key);
      return undefined;
    }
    return hit?.value;
  }

  update(key: string, value: T): void {
    this.entries.set(key, { value, expires: Date.now() + this.ttlMs });
  }

  delete(key: string): boolean {
    return this.entries.delete(key);
  }

  deleteMany(keys: Iterable<string>): number {
    let n = 0;
    for (const key of keys) if (this.entries.delete(key)) n += 1;
    return n;
  }

  get size(): number {
    return this.entries.size;
  }
}
