// Makes a WebAssembly module count the instructions it runs: at the start of every straight run of instructions it adds
// their number to a global. The encoding is that of the core specification 2.0, section 5.
//
// Written out, because the tests need it in every clone: Binaryen, which could rewrite modules too, is 104 MB installed.
// An instruction that this file does not know is an error, never a wrong count.

/** The name under which the instrumented module exports its count, a mutable i64. */
export const COUNTER = "instructions_run";

const SECTION = { import: 2, global: 6, export: 7, code: 10 };
const KIND = { function: 0, table: 1, memory: 2, global: 3 };
const I64 = 0x7e;
const OP = { loop: 0x03, if: 0x04, else: 0x05, end: 0x0b, br: 0x0c, brIf: 0x0d, brTable: 0x0e, return: 0x0f };
/** Behind each of these another run begins: one branches from here, or to here. */
const ENDS_RUN = new Set(Object.values(OP));

/** @param {Uint8Array} bytes @returns {Uint8Array} */
export function instrument(bytes) {
  const HEADER = 8;
  const module = new Reader(bytes, HEADER);
  const output = [bytes.subarray(0, HEADER)];
  let globals = 0;
  while (!module.done) {
    const id = module.byte();
    const content = new Reader(module.take(module.leb()));
    let parts = [content.bytes];
    if (id === SECTION.import) globals += importedGlobals(content);
    if (id === SECTION.global) {
      globals += content.leb();
      parts = withOneMore(content.bytes, [I64, 1, 0x42, 0, OP.end]);
    }
    if (id === SECTION.export) {
      parts = withOneMore(content.bytes, [COUNTER.length, ...Buffer.from(COUNTER), KIND.global, ...leb(globals)]);
    }
    if (id === SECTION.code) parts = countingCode(content, globals);
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    output.push(Uint8Array.of(id, ...leb(length)), ...parts);
  }
  return new Uint8Array(Buffer.concat(output));
}

/** How many globals the import section holds. */
function importedGlobals(section) {
  let globals = 0;
  for (let left = section.leb(); left > 0; left--) {
    section.take(section.leb());
    section.take(section.leb());
    const kind = section.byte();
    if (kind === KIND.function) section.leb();
    else if (kind === KIND.global) {
      globals += 1;
      section.take(2);
    } else {
      if (kind === KIND.table) section.byte();
      const limits = section.byte();
      section.lebs(limits & 1 ? 2 : 1);
    }
  }
  return globals;
}

/** A section that is a vector, with one more item at its end. */
function withOneMore(bytes, item) {
  const section = new Reader(bytes);
  const count = section.leb();
  return [Uint8Array.from(leb(count + 1)), bytes.subarray(section.at), Uint8Array.from(item)];
}

/** The code section, every function counting in the global of this index. */
function countingCode(section, global) {
  const functions = section.leb();
  const parts = [Uint8Array.from(leb(functions))];
  for (let left = functions; left > 0; left--) {
    const body = countingBody(section.take(section.leb()), global);
    const length = body.reduce((sum, part) => sum + part.length, 0);
    parts.push(Uint8Array.from(leb(length)), ...body);
  }
  return parts;
}

function countingBody(bytes, global) {
  const body = new Reader(bytes);
  for (let groups = body.leb(); groups > 0; groups--) {
    body.leb();
    body.byte();
  }
  const parts = [bytes.subarray(0, body.at)];
  while (!body.done) {
    const start = body.at;
    let count = 0;
    for (let opcode; !body.done && !ENDS_RUN.has(opcode); count++) opcode = skipInstruction(body);
    // global.get, i64.const, i64.add, global.set
    const counting = [0x23, ...leb(global), 0x42, ...signedLeb(count), 0x7c, 0x24, ...leb(global)];
    parts.push(Uint8Array.from(counting), bytes.subarray(start, body.at));
  }
  return parts;
}

/** Reads one instruction with its immediates, and gives its opcode. */
function skipInstruction(code) {
  const opcode = code.byte();
  if (opcode >= 0x02 && opcode <= 0x04) code.lebs(1);
  else if (opcode === OP.br || opcode === OP.brIf || opcode === 0x10) code.lebs(1);
  else if (opcode === OP.brTable) code.lebs(code.leb() + 1);
  else if (opcode === 0x11) code.lebs(2);
  else if (opcode === 0x1c) code.take(code.leb());
  else if (opcode >= 0x20 && opcode <= 0x26) code.lebs(1);
  else if (opcode >= 0x28 && opcode <= 0x3e) code.lebs(2);
  else if (opcode >= 0x3f && opcode <= 0x42) code.lebs(1);
  else if (opcode === 0x43) code.take(4);
  else if (opcode === 0x44) code.take(8);
  else if (opcode === 0xd0 || opcode === 0xd2) code.lebs(1);
  else if (opcode === 0xfc) skipMiscellaneous(code);
  else if (opcode === 0xfd) skipVector(code);
  else if (opcode > 0xd1 || (opcode > 0x05 && opcode < OP.end) || (opcode > 0x11 && opcode < 0x1a)) {
    throw new Error(`instruction 0x${opcode.toString(16)} is unknown to this reader`);
  }
  return opcode;
}

/** Saturating conversions, and what works on memories and tables as a whole. */
function skipMiscellaneous(code) {
  const opcode = code.leb();
  if (opcode < 8) return;
  if (opcode > 17) throw new Error(`instruction 0xfc ${opcode} is unknown to this reader`);
  code.lebs([8, 10, 12, 14].includes(opcode) ? 2 : 1);
}

function skipVector(code) {
  const opcode = code.leb();
  if (opcode <= 11 || opcode === 92 || opcode === 93) code.lebs(2);
  else if (opcode === 12 || opcode === 13) code.take(16);
  else if (opcode >= 21 && opcode <= 34) code.byte();
  else if (opcode >= 84 && opcode <= 91) {
    code.lebs(2);
    code.byte();
  }
}

class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get done() {
    return this.at >= this.bytes.length;
  }

  byte() {
    if (this.done) throw new Error("the module ends in the middle");
    return this.bytes[this.at++];
  }

  take(length) {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** An unsigned number of at most 32 bits. */
  leb() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  /** Passes over so many numbers of any size. */
  lebs(count) {
    for (let left = count; left > 0; left--) while (this.byte() >= 0x80);
  }
}

function leb(value) {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}

/** A number of at least 0 as a signed one. */
function signedLeb(value) {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signedLeb(value >>> 7)];
}
