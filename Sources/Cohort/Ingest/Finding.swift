import Foundation

/// What was found in a file, packed as the ledger keeps it.
package struct Finding: Sendable {
  let path: String
  let kind: FileKind
  /// Series Instance UID; empty for what has none, nil for what is no DICOM file.
  let series: String?
  /// The packed answer; nil where nothing of it is kept.
  let body: [UInt8]?
  /// As how many rows it counts: one for each image that it tells of.
  let rows: Int

  /// `packed` is the answer as it came from the worker, where it is not to be packed anew.
  package init(_ file: WaitingFile, _ answer: ScanAnswer, packed: [UInt8]? = nil) throws {
    let isOther = answer.isNotDICOM && file.claim == .perhaps
    path = file.path
    kind = isOther ? .other : answer.kind
    series = answer.seriesUID
    body = isOther ? nil : try packed ?? Array(Frames.encode(answer).dropFirst(4))
    if case .dicom(let header) = answer { rows = max(1, header.planes.count) } else { rows = 1 }
  }
}
