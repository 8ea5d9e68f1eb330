import Zarr

/// The part of a split that a patient belongs to.
public enum SplitPart: String, Sendable, Codable, CaseIterable { case train, validation, test }

/// `split.tsv`: a line a volume in the order of the store, `volume`, `patient` and `part` between
/// tabs, below a line of those names. Patients never cross parts.
struct SplitTable {
  let parts: [SplitPart]

  static func text(_ volumes: [SliceVolumeRecord], _ split: [String: SplitPart]) throws -> [UInt8] {
    var text = "volume\tpatient\tpart\n"
    for volume in volumes {
      guard let part = split[volume.patient] else {
        throw StoreError.split(patient: volume.patient)
      }
      text += "\(volume.id)\t\(volume.patient)\t\(part.rawValue)\n"
    }
    return [UInt8](text.utf8)
  }

  init(path: String, volumes: [SliceVolumeRecord]) throws {
    func damaged(_ reason: String) -> StoreError { .damaged(path: path, reason: reason) }
    let text = String(decoding: try readFile(path, limit: 1 << 30), as: UTF8.self)
    let lines = text.split(separator: "\n").dropFirst()
    guard lines.count == volumes.count else { throw damaged("not one line a volume") }
    var parts: [SplitPart] = []
    var seen: [String: SplitPart] = [:]
    for (line, volume) in zip(lines, volumes) {
      let words = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard words.count == 3, words[0] == volume.id, words[1] == volume.patient,
        let part = SplitPart(rawValue: words[2])
      else { throw damaged("its line for volume \(volume.id) is wrong") }
      guard seen.updateValue(part, forKey: volume.patient) ?? part == part else {
        throw StoreError.split(patient: volume.patient)
      }
      parts.append(part)
    }
    self.parts = parts
  }
}
