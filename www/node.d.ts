// What www/lib/node.js and node-thread.js use of Node.

declare module "node:os" {
  export function availableParallelism(): number;
}

declare module "node:fs/promises" {
  export function readFile(path: string | URL): Promise<Uint8Array<ArrayBuffer>>;
}

declare module "node:worker_threads" {
  interface Port {
    on(event: string, listener: (data: any) => void): void;
    postMessage(message: unknown): void;
  }
  export class Worker implements Port {
    constructor(url: URL, options: { workerData: unknown });
    on(event: string, listener: (data: any) => void): void;
    postMessage(message: unknown): void;
    terminate(): Promise<number>;
  }
  export const parentPort: Port;
  export const workerData: any;
}
