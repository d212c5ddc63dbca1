// What the types of the pipeline name of a browser, for projects that have no `dom` among their libs. Where they have it,
// these declarations merge with it and add nothing.

interface ImageBitmap {
  readonly width: number;
  readonly height: number;
  close(): void;
}

interface VideoFrame {
  close(): void;
}

interface AbortSignal {
  readonly aborted: boolean;
}

interface URL {
  href: string;
}

declare namespace WebAssembly {
  interface Module {}
}
