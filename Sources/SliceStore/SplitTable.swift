import Zarr

/// The part of a split that a patient belongs to.
public enum SplitPart: String, Sendable, Codable, CaseIterable { case train, validation, test }

/// `split.tsv`: a line a volume in the order of the store, `volume`, `patient` and `part` between
/// tabs, below a line of those names. Patients never cross parts.
struct SplitTable {
  let parts: [SplitPart]

  static func text(_ volumes: some Sequence<SliceVolumeRecord>, _ split: [String: SplitPart]) throws
    -> [UInt8]
  {
    var text = "volume\tpatient\tpart\n"
    for volume in volumes {
      guard let part = split[volume.patient] else {
        throw StoreError.split(patient: volume.patient)
      }
      text += "\(volume.id)\t\(volume.patient)\t\(part.rawValue)\n"
    }
    return [UInt8](text.utf8)
  }

  /// Reads the table and compares it with the volumes, byte by byte: there may be many.
  init(path: String, volumes: SliceVolumes) throws {
    func damaged(_ reason: String) -> StoreError { .damaged(path: path, reason: reason) }
    var parts: [SplitPart] = []
    var seen: [NameField: SplitPart] = [:]
    parts.reserveCapacity(volumes.count)
    try readFile(path, limit: 1 << 30).withUnsafeBytes { text in
      var lines = Lines(text)
      _ = lines.next()
      while let line = lines.next() {
        let ordinal = parts.count
        guard ordinal < volumes.count else { throw damaged("not one line a volume") }
        guard let (volume, patient, part) = Self.fields(line),
          volumes.names(ordinal) == (volume, patient)
        else { throw damaged("its line for volume \(volumes[ordinal].id) is wrong") }
        guard seen.updateValue(part, forKey: patient) ?? part == part else {
          throw StoreError.split(patient: volumes[ordinal].patient)
        }
        parts.append(part)
      }
    }
    guard parts.count == volumes.count else { throw damaged("not one line a volume") }
    self.parts = parts
  }

  private static func fields(
    _ line: UnsafeRawBufferPointer
  ) -> (volume: NameField, patient: NameField, part: SplitPart)? {
    guard let first = line.firstIndex(of: tab), let last = line.lastIndex(of: tab), first < last,
      let volume = NameField(UnsafeRawBufferPointer(rebasing: line[..<first])),
      let patient = NameField(UnsafeRawBufferPointer(rebasing: line[(first + 1)..<last])),
      let part = words.first(where: { line[(last + 1)...].elementsEqual($0.word) })
    else { return nil }
    return (volume, patient, part.part)
  }

  private static let tab = UInt8(ascii: "\t")
  private static let words = SplitPart.allCases.map { (word: [UInt8]($0.rawValue.utf8), part: $0) }
}

/// The lines of a text, without their ends.
private struct Lines {
  private var rest: UnsafeRawBufferPointer

  init(_ text: UnsafeRawBufferPointer) { rest = text }

  mutating func next() -> UnsafeRawBufferPointer? {
    guard !rest.isEmpty else { return nil }
    let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.count
    defer { rest = UnsafeRawBufferPointer(rebasing: rest[min(end + 1, rest.count)...]) }
    return UnsafeRawBufferPointer(rebasing: rest[..<end])
  }
}
