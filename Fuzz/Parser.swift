/// What is fuzzed: each takes bytes that nobody vouches for.
enum Parser: String, CaseIterable {
  /// A DICOM file: our scan, the header from it, grouping, label objects, and some frames.
  case dicom
  /// The same, from files that a grammar writes: nested sequences, lengths that lie.
  case dicomGrammar = "dicom-grammar"
  /// Fragments, offset tables and the frames they make up: RLE, lossless JPEG, JPEG 2000, HTJ2K.
  case fragments
  /// Contours of a structure set on their way to voxels.
  case contours
  /// The header of a NIfTI file.
  case nifti
  /// `zarr.json` of an array, from text and from a grammar.
  case zarrMetadata = "zarr-metadata"
  case zarrGrammar = "zarr-grammar"
  /// A shard: its index and chunks.
  case shard
  /// A compressed chunk, from bytes and, as a Blosc frame, from a grammar.
  case chunk
  case frame
  /// The flat files of a slice store and of a cohort store, as they are and with edits of sound ones.
  case flatIndex = "flat-index"
  /// What a worker tells the parent of a header, as it is and with edits of a sound one.
  case fields
  /// The header of a safetensors file, from bytes and from a grammar.
  case safetensors

  func take(_ bytes: [UInt8]) {
    switch self {
    case .dicom: readDICOM(bytes)
    case .dicomGrammar:
      var program = Program(bytes)
      readDICOM(DICOMGrammar.file(&program))
    case .fragments:
      var program = Program(bytes)
      readDICOM(DICOMGrammar.encapsulated(&program))
    case .contours: fillContours(bytes)
    case .nifti: readNIfTIHeader(bytes)
    case .zarrMetadata: readZarrMetadata(bytes)
    case .zarrGrammar:
      var program = Program(bytes)
      readZarrMetadata(ZarrGrammar.metadata(&program))
    case .shard: readShard(bytes)
    case .chunk: readChunk(bytes)
    case .frame:
      var program = Program(bytes)
      let count = program.pick(FrameGrammar.sizes)
      readChunk(FrameGrammar.frame(&program, count: count), .blosc(level: 1, typeSize: 2), count)
    case .flatIndex:
      var program = Program(bytes)
      if program.rarely(8) { readCohort(&program) } else { readSlices(&program) }
    case .fields:
      readFields(bytes)
      var program = Program(bytes)
      readFields(FieldEdits.series(&program))
    case .safetensors:
      readSafeTensors(bytes)
      var program = Program(bytes)
      readSafeTensors(SafeTensorsGrammar.file(&program))
    }
  }
}

/// The choices of a grammar, taken from the fuzzer's bytes one after another: what libFuzzer learns
/// to change is then a choice, not a byte of the file. Zeros once the bytes are used up.
struct Program {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  var isEmpty: Bool { rest.isEmpty }

  mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

  /// A number from 0 up to `count`, which is at most 256.
  mutating func choice(_ count: Int) -> Int { Int(byte()) % count }

  /// Whether this time, one in `odds`.
  mutating func rarely(_ odds: Int) -> Bool { choice(odds) == odds - 1 }

  mutating func pick<Element>(_ list: [Element]) -> Element { list[choice(list.count)] }

  mutating func number() -> UInt32 { (0..<4).reduce(0) { value, _ in value << 8 | UInt32(byte()) } }

  mutating func bytes(_ count: Int) -> [UInt8] {
    let taken = Array(rest.prefix(count))
    rest = rest.dropFirst(count)
    return taken + [UInt8](repeating: 0, count: count - taken.count)
  }

  /// The rest, at most `count` bytes of it.
  mutating func remainder(_ count: Int) -> [UInt8] { bytes(min(count, rest.count)) }
}
