import Foundation
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
    var last: (patient: NameField, part: SplitPart)?
    parts.reserveCapacity(volumes.count)
    try readFile(path, limit: 1 << 30).withUnsafeBytes { text in
      var lines = Pieces(text, between: UInt8(ascii: "\n"))
      _ = lines.next()
      while let line = lines.next() {
        let ordinal = parts.count
        guard ordinal < volumes.count else { throw damaged("not one line a volume") }
        guard let (volume, patient, part) = Self.fields(line),
          volumes.names(ordinal) == (volume, patient)
        else { throw damaged("its line for volume \(volumes[ordinal].id) is wrong") }
        // Volumes of a patient mostly follow one another.
        if last?.patient != patient || last?.part != part {
          guard seen.updateValue(part, forKey: patient) ?? part == part else {
            throw StoreError.split(patient: volumes[ordinal].patient)
          }
          last = (patient, part)
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
    var words = Pieces(line, between: UInt8(ascii: "\t"))
    guard let volume = words.next().flatMap(NameField.init),
      let patient = words.next().flatMap(NameField.init), let word = words.next(),
      let part = parts.first(where: { $0.word == NameField(word) }), words.next() == nil
    else { return nil }
    return (volume, patient, part.part)
  }

  private static let parts = SplitPart.allCases.map { part in
    (word: [UInt8](part.rawValue.utf8).withUnsafeBytes { NameField($0) }, part: part)
  }
}

/// The pieces of a text between separators; a separator at its very end opens no further piece.
private struct Pieces {
  private var rest: UnsafeRawBufferPointer
  private let separator: UInt8

  init(_ text: UnsafeRawBufferPointer, between separator: UInt8) {
    (rest, self.separator) = (text, separator)
  }

  mutating func next() -> UnsafeRawBufferPointer? {
    guard let start = rest.baseAddress, rest.count > 0 else { return nil }
    let end = memchr(start, Int32(separator), rest.count).map { UnsafeRawPointer($0) - start }
    let count = end ?? rest.count
    let piece = UnsafeRawBufferPointer(start: start, count: count)
    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count + 1))
    return piece
  }
}
