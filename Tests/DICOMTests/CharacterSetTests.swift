import DICOM
import Testing

/// Names in every character set of PS3.3 C.12.1.1.2, as PS3.5 annexes H to K and pydicom's
/// `charset_files` write them.
@Suite struct CharacterSetTests {
  /// An explicit little endian element with a 16-bit length.
  private func element(_ tag: UInt32, _ vr: String, _ value: [UInt8]) -> [UInt8] {
    let padded = value + (value.count % 2 == 0 ? [] : [0x20])
    let numbers = [tag >> 16, tag & 0xFFFF].flatMap { [$0 & 255, $0 >> 8] }
    return numbers.map { UInt8($0) } + Array(vr.utf8)
      + [UInt8(padded.count & 255), UInt8(padded.count >> 8)] + padded
  }

  private func identity(
    _ sets: String?, name: [UInt8], id: [UInt8] = [], description: [UInt8] = []
  ) throws -> DICOMHeader.Identity {
    let report = Array("1.2.840.10008.5.1.4.1.1.88.11".utf8) + [0]
    let bytes =
      (sets.map { element(0x0008_0005, "CS", Array($0.utf8)) } ?? [])
      + element(0x0008_0016, "UI", report) + element(0x0008_103E, "LO", description)
      + element(0x0010_0010, "PN", name) + element(0x0010_0020, "LO", id)
    let start = [UInt8](repeating: 0, count: 128) + Array("DICM".utf8)
    return try DICOMFile(bytes: start + meta + bytes).header().identity
  }

  private var meta: [UInt8] {
    element(0x0002_0010, "UI", Array("1.2.840.10008.1.2.1".utf8) + [0])
  }

  /// Bytes as the annexes print them: text, where `~` is the escape and `<hex>` other bytes.
  private func bytes(_ text: String) -> [UInt8] {
    text.split(separator: "<", omittingEmptySubsequences: false).enumerated().flatMap {
      place, part in
      guard place > 0, let end = part.firstIndex(of: ">") else {
        return part.utf8.map { $0 == UInt8(ascii: "~") ? 0x1B : $0 }
      }
      let digits = Array(part[..<end])
      let codes = stride(from: 0, to: digits.count, by: 2).compactMap {
        UInt8(String(digits[$0..<$0 + 2]), radix: 16)
      }
      return codes + part[end...].dropFirst().utf8.map { $0 == UInt8(ascii: "~") ? 0x1B : $0 }
    }
  }

  @Test(arguments: [
    ("ISO_IR 100", "Buc^J<E9>r<F4>me", "Buc^Jérôme"),
    ("ISO_IR 100", "<C4>neas^R<FC>diger", "Äneas^Rüdiger"),
    ("ISO_IR 101", "Wa<B3><EA>sa", "Wałęsa"), ("ISO_IR 109", "<E6>u", "ĉu"),
    ("ISO_IR 110", "J<E0>nis", "Jānis"), ("ISO_IR 148", "<DE>ahin", "Şahin"),
    ("ISO_IR 126", "<C4E9EFEDF5F3E9EFF2>", "Διονυσιος"),
    ("ISO_IR 127", "<E2C8C7E6EA>^<E4E6D2C7D1>", "قباني^لنزار"),
    ("ISO_IR 138", "<F9F8E5EF>^<E3E1E5F8E4>", "שרון^דבורה"),
    ("ISO_IR 144", "<BBEEDA>ce<DCD1>yp<D3>", "Люкceмбypг"),
    ("ISO_IR 166", "<CACDA7>", "สอง"), ("ISO_IR 13", "<D4CFC0DE>^<C0DBB3>", "ﾔﾏﾀﾞ^ﾀﾛｳ"),
    ("ISO_IR 192", "Wang^XiaoDong=<E78E8B>^<E5B08FE69DB1>=", "Wang^XiaoDong=王^小東="),
    ("GB18030", "Wang^XiaoDong=<CDF5>^<D0A1B6AB>=", "Wang^XiaoDong=王^小东="),
    ("GBK", "<CDF5>^<D0A1B6AB>", "王^小东"),
    (
      "\\ISO 2022 IR 87", "Yamada^Tarou=~$B;3ED~(B^~$BB@O:~(B=~$B$d$^$@~(B^~$B$?$m$&~(B",
      "Yamada^Tarou=山田^太郎=やまだ^たろう"
    ),
    (
      "ISO 2022 IR 13\\ISO 2022 IR 87",
      "<D4CFC0DE>^<C0DBB3>=~$B;3ED~(J^~$BB@O:~(J=~$B$d$^$@~(J^~$B$?$m$&~(J",
      "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"
    ),
    (
      "\\ISO 2022 IR 149",
      "Hong^Gildong=~$)C<FBF3>^~$)C<D1CED4D7>=~$)C<C8AB>^~$)C<B1E6B5BF>",
      "Hong^Gildong=洪^吉洞=홍^길동"
    ),
    (
      "\\ISO 2022 IR 58", "Zhang^XiaoDong=~$)A<D5C5>^~$)A<D0A1B6AB>=",
      "Zhang^XiaoDong=张^小东="
    ),
    ("\\ISO 2022 IR 159", "~$(D0!~(B", "丂"),
    ("ISO 2022 IR 100\\ISO 2022 IR 144", "J<E9>~-L<BBEEDA>^<E9>", "JéЛюк^é"),
  ])
  func aNameIsReadAsItsCharacterSetsSay(sets: String, written: String, name: String) throws {
    #expect(try identity(sets, name: bytes(written)).patientName == name)
  }

  @Test(arguments: [
    ("ISO_IR 192", "M<FC>ller", "M\u{FFFD}ller"),
    ("\\ISO 2022 IR 87", "M<FC>ller", "M\u{FFFD}ller"),
    ("\\ISO 2022 IR 87", "~$B;3E", "山\u{FFFD}"), ("\\ISO 2022 IR 87", "~$Z;3", "\u{FFFD}$Z;3"),
    ("\\ISO 2022 IR 149", "~$)C<FB>", "\u{FFFD}"),
    ("\\ISO 2022 IR 149", "~$)C<FB>A<80>", "\u{FFFD}A\u{FFFD}"),
    ("GB18030", "<CDF5><FF>A<81>", "王\u{FFFD}A\u{FFFD}"), ("ISO_IR 126", "<FF>A", "\u{FFFD}A"),
    ("ISO_IR 192", "<EDA080><F7BFBFBF>A", nil),
  ])
  func whatCannotBeDecodedIsReplacedAndTheRestIsRead(
    sets: String, written: String, name: String?
  ) throws {
    let read = try #require(try identity(sets, name: bytes(written)).patientName)
    if let name { #expect(read == name) }
    #expect(read.unicodeScalars.contains("\u{FFFD}"))
  }

  @Test func anyBytesInAnySetGiveTextOfBoundedLength() throws {
    var state: UInt64 = 1
    let sets = [
      "ISO_IR 13", "ISO_IR 138", "GB18030", "GBK", "ISO_IR 192",
      "\\ISO 2022 IR 87\\ISO 2022 IR 159",
      "\\ISO 2022 IR 149\\ISO 2022 IR 58", "ISO 2022 IR 100\\ISO 2022 IR 144", "ISO_IR 7", "\\",
    ]
    let escapes = ["$B", "$(D", "$)C", "$)A", "(J", ")I", "-L", "(B", "$"].map {
      [0x1B] + Array($0.utf8)
    }
    for round in 0..<1_000 {
      var name: [UInt8] = []
      while name.count < 60 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let draw = Int(state >> 33)
        name += draw % 5 == 0 ? escapes[draw / 5 % escapes.count] : [UInt8(draw >> 8 & 255 | 1)]
      }
      let read = try identity(sets[round % sets.count], name: name).patientName
      #expect((read ?? "").utf8.count <= 3 * name.count)
    }
  }

  @Test func whereNoSetIsNamedTextIsUTF8OrLatin1() throws {
    for sets in [nil, "", "ISO_IR 6", "NONE"] {
      #expect(try identity(sets, name: bytes("M<FC>ller")).patientName == "Müller")
      #expect(try identity(sets, name: bytes("M<C3BC>ller")).patientName == "Müller")
    }
  }

  @Test func patientsStayTwoWhereTheirNumbersCannotBeDecoded() throws {
    let numbers = try ["7<FC>", "7<F6>", "7"].map {
      try identity("ISO_IR 192", name: [], id: bytes($0)).patientID
    }
    #expect(Set(numbers).count == 3)
    for sets in [nil, "ISO_IR 100", "ISO_IR 192", "\\ISO 2022 IR 87", "GB18030"] {
      #expect(try identity(sets, name: [], id: bytes("A-0017\\x")).patientID == "A-0017\\x")
    }
  }

  @Test func aDescriptionMayHoldMoreThanOneValue() throws {
    let two = try identity(
      "ISO 2022 IR 100\\ISO 2022 IR 144", name: [], description: bytes("~-L<BB>\\<E9>=~-L<BB>^<BB>")
    )
    #expect(two.seriesDescription == "Л\\é=Л^Л")
  }
}
