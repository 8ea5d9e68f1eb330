/// Writes DICOM files that are nearly right: known elements with values of their kind, sequences in
/// sequences, and now and then a length, a VR or a delimiter that lies.
enum DICOMGrammar {
  /// A Part 10 file with a data set and, mostly, pixels.
  static func file(_ program: inout Program) -> [UInt8] {
    let syntax = program.pick(syntaxes)
    var writer = Writer(
      isExplicit: syntax != "1.2.840.10008.1.2", bigEndian: syntax.hasSuffix(".2.2"))
    image(&writer, &program)
    elements(&writer, &program, depth: 0)
    pixels(&writer, &program, isEncapsulated: syntax.contains(".1.2.4.") || syntax.hasSuffix(".5"))
    return header(syntax) + writer.bytes
  }

  /// A sound image header around fragments that may be anything.
  static func encapsulated(_ program: inout Program) -> [UInt8] {
    let syntax = program.pick(["1.2.840.10008.1.2.5"] + fragmented)
    var writer = Writer(isExplicit: true, bigEndian: false)
    image(&writer, &program)
    pixels(&writer, &program, isEncapsulated: true)
    return header(syntax) + writer.bytes
  }

  private static let fragmented = ["57", "70", "90", "91", "201", "203"].map {
    "1.2.840.10008.1.2.4." + $0
  }
  private static let syntaxes =
    ["", ".1", ".2", ".1", ".5", ".1.99", ".7.7"].map { "1.2.840.10008.1.2" + $0 } + fragmented

  private static func header(_ syntax: String) -> [UInt8] {
    var meta = Writer(isExplicit: true, bigEndian: false)
    meta.element(0x0002_0010, "UI", Array((syntax + (syntax.count % 2 == 0 ? "" : "\0")).utf8))
    return [UInt8](repeating: 0, count: 128) + Array("DICM".utf8) + meta.bytes
  }

  /// What every image has, with a chance of nonsense in each value.
  private static func image(_ writer: inout Writer, _ program: inout Program) {
    let multiframe = program.rarely(4)
    writer.text(
      0x0008_0016, "UI", program.pick(["1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.2.1"]))
    writer.text(0x0008_0018, "UI", "2.25.\(program.byte())")
    writer.text(0x0008_0060, "CS", program.pick(["MR", "CT", "PT"]))
    writer.text(0x0020_000E, "UI", "2.25.7")
    writer.text(
      0x0020_0032, "DS",
      program.pick(["0\\0\\0", "1e3\\-2\\3.5", "0\\0", "nan\\0\\0", "1e308\\0\\0"]))
    writer.text(
      0x0020_0037, "DS",
      program.pick(["1\\0\\0\\0\\1\\0", "0.6\\0.8\\0\\0\\0\\1", "1\\0\\0\\1\\0\\0", ""]))
    writer.short(0x0028_0002, program.pick([1, 1, 1, 3]))
    writer.text(
      0x0028_0004, "CS", program.pick(["MONOCHROME2", "MONOCHROME1", "RGB", "PALETTE COLOR"]))
    if multiframe { writer.text(0x0028_0008, "IS", program.pick(["2", "3", "0", "-1", "65537"])) }
    writer.short(0x0028_0010, program.pick([4, 1, 0, 65535]))
    writer.short(0x0028_0011, program.pick([4, 3, 0, 65535]))
    writer.text(0x0028_0030, "DS", program.pick(["1\\1", "0.5\\2", "0\\0", "1"]))
    writer.short(0x0028_0100, program.pick([16, 8, 1, 12, 32, 64]))
    writer.short(0x0028_0101, program.pick([12, 16, 8, 1, 40]))
    writer.short(0x0028_0102, program.pick([11, 15, 7, 0, 200]))
    writer.short(0x0028_0103, program.pick([0, 1, 2]))
    if program.rarely(8) { writer.text(0x0028_1053, "DS", program.pick(["2", "0", "1e-40", "x"])) }
  }

  private static let known: [(UInt32, String)] = [
    (0x0008_0008, "CS"), (0x0018_0050, "DS"), (0x0018_9114, "SQ"), (0x0020_9113, "SQ"),
    (0x0020_9116, "SQ"), (0x0020_9222, "SQ"), (0x0028_3000, "SQ"), (0x0028_9110, "SQ"),
    (0x0029_0010, "LO"), (0x0029_1010, "OB"), (0x2005_0010, "LO"), (0x2005_100E, "FL"),
    (0x3006_0039, "SQ"), (0x3006_0040, "SQ"), (0x3006_0050, "DS"), (0x5200_9229, "SQ"),
    (0x5200_9230, "SQ"), (0x0062_0002, "SQ"), (0x0088_0200, "SQ"), (0x7777_0001, "UN"),
  ]

  private static func elements(_ writer: inout Writer, _ program: inout Program, depth: Int) {
    for _ in 0..<program.choice(12) where !program.isEmpty {
      var (tag, vr) = program.pick(known)
      if program.rarely(16) { vr = program.pick(["UN", "SQ", "OB", "??", "UT", "AT"]) }
      if program.rarely(32) { tag = program.number() }
      switch vr {
      case "SQ": sequence(&writer, &program, tag: tag, depth: depth)
      case "FL": writer.element(tag, vr, program.bytes(4))
      default:
        let value = program.bytes(program.choice(8) * 2)
        writer.element(tag, vr, value, lie: program.rarely(24) ? program.number() : nil)
      }
    }
  }

  private static func sequence(
    _ writer: inout Writer, _ program: inout Program, tag: UInt32, depth: Int
  ) {
    // A run of levels costs one choice, so that deep nesting is near.
    let levels = program.rarely(32) ? program.choice(256) : 1
    let open = program.choice(8) > 2
    if open {
      for _ in 0..<levels { writer.open(tag) }
      if depth < 6 { elements(&writer, &program, depth: depth + 1) }
      let closed = program.rarely(16) ? program.choice(levels + 1) : levels
      for _ in 0..<closed { writer.close() }
      return
    }
    var inner = Writer(isExplicit: writer.isExplicit, bigEndian: writer.bigEndian)
    if depth < 6 { elements(&inner, &program, depth: depth + 1) }
    writer.item(tag, inner.bytes, lie: program.rarely(12) ? program.number() : nil)
  }

  private static func pixels(
    _ writer: inout Writer, _ program: inout Program, isEncapsulated: Bool
  ) {
    guard isEncapsulated != program.rarely(16) else {
      writer.element(0x7FE0_0010, "OW", program.remainder(program.choice(64)))
      return
    }
    if program.rarely(6) { writer.element(0x7FE0_0001, "OV", program.bytes(16)) }
    writer.open(0x7FE0_0010, vr: "OB")
    writer.fragment(program.bytes(program.choice(3) * 4))
    for _ in 0..<program.choice(5) {
      let sized =
        program.rarely(8) ? program.remainder(1 << 16) : program.bytes(program.choice(200))
      writer.fragment(sized, lie: program.rarely(24) ? program.number() : nil)
    }
    writer.fragment(program.remainder(1 << 16))
    if !program.rarely(12) { writer.sequenceEnd() }
  }
}
