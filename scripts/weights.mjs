// Reads the weights container (src/weights/format.rs describes it), so that ONNX files and the engines that are measured
// beside ours compute with the very numbers that are compiled into the module; and the safetensors file beside it.

const MAGIC = "CNW\x1a";
const VERSION = 1;
const BLOCK = 64;
/** By code; three bits are stored in four. */
const DTYPES = { 0: f32, 1: f16, 2: int8, 3: int4, 4: int4 };

/**
 * The metadata and tensors of a container or a safetensors file.
 * @param {Uint8Array} bytes
 * @returns {{ metadata: Record<string, string>, tensors: Record<string, { shape: number[], values: Float32Array }> }}
 */
export function readWeights(bytes) {
  return new TextDecoder().decode(bytes.subarray(0, MAGIC.length)) === MAGIC
    ? readContainer(bytes)
    : readSafetensors(bytes);
}

/** A safetensors file: the header's length, the header in JSON, and the values, which the header gives the places of. */
function readSafetensors(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = 8 + Number(view.getBigUint64(0, true));
  const { __metadata__: metadata, ...entries } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, first)));
  const tensors = {};
  for (const [name, { dtype, shape, data_offsets: place }] of Object.entries(entries)) {
    const decode = { F32: f32, F16: f16 }[dtype];
    if (!decode) throw new Error(`${name} is stored as ${dtype}`);
    tensors[name] = { shape, values: decode(view, first + place[0], shape).values };
  }
  return { metadata, tensors };
}

function readContainer(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  /** Where the next `length` bytes begin. */
  const take = (length) => {
    at += length;
    return at - length;
  };
  const u8 = () => view.getUint8(take(1));
  const u16 = () => view.getUint16(take(2), true);
  const u32 = () => view.getUint32(take(4), true);
  const text = (length) => new TextDecoder().decode(bytes.subarray(take(length), at));

  if (text(MAGIC.length) !== MAGIC || u32() !== VERSION) throw new Error("not a weights container of version 1");
  u32(); // The checksum, which the module itself verifies.
  const metadata = {};
  for (let left = u16(); left > 0; left--) {
    const key = text(u16());
    metadata[key] = text(u32());
  }
  const tensors = {};
  for (let left = u16(); left > 0; left--) {
    const name = text(u16());
    const decode = DTYPES[u8()];
    const shape = Array.from({ length: u8() }, u32);
    const { values, length } = decode(view, at, shape);
    take(length);
    tensors[name] = { shape, values };
  }
  if (at !== bytes.length) throw new Error("the weights container does not end where it should");
  return { metadata, tensors };
}

const count = (shape) => shape.reduce((product, size) => product * size, 1);

function f32(view, at, shape) {
  const values = Float32Array.from({ length: count(shape) }, (_, i) => view.getFloat32(at + 4 * i, true));
  return { values, length: 4 * values.length };
}

function f16(view, at, shape) {
  const values = Float32Array.from({ length: count(shape) }, (_, i) => half(view.getUint16(at + 2 * i, true)));
  return { values, length: 2 * values.length };
}

function int8(view, at, shape) {
  return quantised(view, at, shape, shape[1], (run, input) => view.getInt8(run + input));
}

function int4(view, at, shape) {
  const nibble = (run, input) => (view.getInt8(run + (input >> 1)) << (input % 2 ? 24 : 28)) >> 28;
  return quantised(view, at, shape, (shape[1] + 1) >> 1, nibble);
}

/**
 * Scales first, then the values: output, kernel position, input, with a scale for every BLOCK inputs of such a run.
 * `read` takes the offset of a run of `runBytes` and the number of an input, and returns the input's quantised value.
 */
function quantised(view, at, [outputs, inputs, ...kernel], runBytes, read) {
  const positions = count(kernel);
  const scalesOfRun = Math.ceil(inputs / BLOCK);
  const firstValue = at + 2 * outputs * positions * scalesOfRun;
  const values = new Float32Array(outputs * inputs * positions);
  for (let run = 0; run < outputs * positions; run++) {
    const [output, position] = [Math.floor(run / positions), run % positions];
    for (let input = 0; input < inputs; input++) {
      const scale = half(view.getUint16(at + 2 * (run * scalesOfRun + Math.floor(input / BLOCK)), true));
      const value = read(firstValue + run * runBytes, input);
      values[(output * inputs + input) * positions + position] = scale * value;
    }
  }
  return { values, length: firstValue - at + outputs * positions * runBytes };
}

/** The number that the bits of an IEEE half-precision float stand for. */
function half(bits) {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
}
