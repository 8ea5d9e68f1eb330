import CDCMTK

/// A data set, or an item of a sequence: attributes read through the shim.
///
/// It points into its ``DICOMFile`` and must not outlive it.
struct DICOMItem {
  let handle: OpaquePointer

  /// The text of an attribute, values separated by a backslash; nil if absent or empty.
  ///
  /// It is decoded by Specific Character Set (PS3.3 C.12.1.1.2), where what cannot be decoded is
  /// U+FFFD. Where that says nothing, bytes that are no UTF-8 are taken as Latin-1.
  func text(_ tag: UInt32) -> String? {
    guard let (text, isPlain) = undecoded(tag) else { return nil }
    return isPlain ? text : decoded(tag, length: text.utf8.count) ?? text
  }

  /// The text of an attribute that tells patients apart: where a byte of it cannot be decoded, all
  /// are read as if no character set were named, which keeps different texts different.
  func identifier(_ tag: UInt32) -> String? {
    guard let (text, isPlain) = undecoded(tag) else { return nil }
    guard !isPlain, let decoded = decoded(tag, length: text.utf8.count),
      !decoded.unicodeScalars.contains("\u{FFFD}")
    else { return text }
    return decoded
  }

  private func decoded(_ tag: UInt32, length: Int) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 3 * length) { room in
      let written = dicom_characters(handle, tag, room.baseAddress, room.count)
      guard written >= 0 else { return nil }
      return String(decoding: UnsafeRawBufferPointer(room)[..<written], as: UTF8.self)
    }
  }

  /// A text as UTF-8 or Latin-1, and whether it is the same in every character set.
  private func undecoded(_ tag: UInt32) -> (text: String, isPlain: Bool)? {
    var length = 0
    let brief = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { room in
      length = dicom_text(handle, tag, room.baseAddress, room.count)
      let isWhole = length > 0 && length <= room.count
      let bytes = UnsafeRawBufferPointer(room)
      return isWhole ? Self.read(UnsafeRawBufferPointer(rebasing: bytes[..<length])) : nil
    }
    guard brief == nil, length > 0, length < 1 << 24 else { return brief }
    let bytes = [CChar](unsafeUninitializedCapacity: length) { target, count in
      _ = dicom_text(handle, tag, target.baseAddress, length)
      count = length
    }
    return bytes.withUnsafeBytes(Self.read)
  }

  private static func read(_ bytes: UnsafeRawBufferPointer) -> (text: String, isPlain: Bool) {
    let isPlain = bytes.allSatisfy { $0 < 0x80 && $0 != 0x1B }
    if let text = String(utf8: bytes) { return (text, isPlain) }
    return (String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) })), isPlain)
  }

  /// Whether an attribute is there with a value.
  func has(_ tag: UInt32) -> Bool { dicom_text(handle, tag, nil, 0) > 0 }

  /// The values of a text attribute, trimmed of the blanks that DICOM pads with.
  func texts(_ tag: UInt32) -> [String] {
    guard let text = text(tag) else { return [] }
    guard text.utf8.contains(UInt8(ascii: "\\")) else { return [text] }
    return text.split(separator: "\\", omittingEmptySubsequences: false).map { part in
      var trimmed = part
      while trimmed.last == " " { trimmed.removeLast() }
      while trimmed.first == " " { trimmed.removeFirst() }
      return String(trimmed)
    }
  }

  /// The values of a numeric attribute; nil if absent, empty, or not all finite numbers.
  func numbers(_ tag: UInt32) -> [Double]? {
    var count = 0
    let few = withUnsafeTemporaryAllocation(of: Double.self, capacity: 16) { room -> [Double]? in
      count = dicom_numbers(handle, tag, room.baseAddress, room.count)
      return count > 0 && count <= room.count ? Array(room[..<count]) : nil
    }
    guard few == nil, count > 0 else { return few }
    return [Double](unsafeUninitializedCapacity: count) { target, filled in
      _ = dicom_numbers(handle, tag, target.baseAddress, count)
      filled = count
    }
  }

  /// Just `N` numbers, or nil.
  func numbers(_ tag: UInt32, count: Int) -> [Double]? {
    numbers(tag).flatMap { $0.count == count ? $0 : nil }
  }

  /// The first value of a numeric attribute.
  func number(_ tag: UInt32) -> Double? { numbers(tag)?.first }

  /// The first value of a numeric attribute as a whole number.
  func integer(_ tag: UInt32) -> Int? { number(tag).flatMap { Int(exactly: $0) } }

  /// The bytes of an attribute of VR OB or UN.
  func bytes(_ tag: UInt32) -> [UInt8]? {
    var length = 0
    guard let start = dicom_bytes(handle, tag, &length) else { return nil }
    return [UInt8](UnsafeBufferPointer(start: start, count: length))
  }

  /// The 16-bit words of a lookup table.
  func words(_ tag: UInt32) -> [UInt16]? {
    var count = 0
    guard let start = dicom_words(handle, tag, &count), count <= 65_536 else { return nil }
    return [UInt16](UnsafeBufferPointer(start: start, count: count))
  }

  /// The items of a sequence.
  func items(_ tag: UInt32) -> [DICOMItem] {
    let count = dicom_items(handle, tag, nil, 0)
    guard count > 0 else { return [] }
    let handles = [OpaquePointer?](unsafeUninitializedCapacity: count) { target, filled in
      filled = dicom_items(handle, tag, target.baseAddress, count)
    }
    return handles.compactMap { $0.map(DICOMItem.init(handle:)) }
  }

  /// The tag of a private element: the block of `group` that `creator` has reserved
  /// (PS3.5 7.8.1), with `element` as its low byte.
  ///
  /// Some de-identifiers take the names of blocks away and leave what is in them: `orNameless` takes the first block of
  /// a group in which none has a name, since scanners begin there.
  func privateTag(
    _ group: UInt32, creator: String, element: UInt32, orNameless: Bool = false
  ) -> UInt32? {
    let own = dicom_private_block(handle, group, creator)
    if own != 0 { return group << 16 | own << 8 | element }
    let isNameless = orNameless && dicom_private_block(handle, group, nil) == 0
    return isNameless ? group << 16 | 0x1000 | element : nil
  }

  /// A private number, also where implicit VR has left only its bytes (`width` 2: US, 4: FL): these are no
  /// digits, even if they look so, as 48 does ("0").
  func privateNumber(_ tag: UInt32, width: Int) -> Double? {
    guard let bytes = bytes(tag), bytes.count == width else { return number(tag) }
    let value = bytes.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    let number = width == 4 ? Double(Float(bitPattern: value)) : Double(value)
    return number.isFinite ? number : nil
  }
}
