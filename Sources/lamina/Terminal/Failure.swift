import Foundation
import Models
import NN
import SSL
import Segmentation

/// The work was finished, but some inputs were refused: exit code 3.
struct SomeRefused: Error, CustomStringConvertible {
  var description: String
}

/// A failure that only the command line can put into words.
struct Failure: Error, CustomStringConvertible {
  var description: String

  init(_ sentence: String) { description = sentence }
}

/// One sentence for any error: which file, what is wrong, what to do. Where tensors do not fit, a table of them follows.
func sentence(_ error: any Error) -> String {
  switch error {
  case PretrainError.startDoesNotFit(_, let report, _),
    SegmentationError.weightsDoNotFit(_, let report):
    "\(error)\n\(text(of: report))"
  case let error as CocoaError: error.localizedDescription
  case is CancellationError: "Stopped; the same command starts again."
  default: "\(error)"
  }
}

/// The tensors that do not fit, both shapes beside each other, at most forty of each kind.
private func text(of report: LoadReport) -> String {
  func some(_ rows: [[String]]) -> [[String]] {
    Array(rows.prefix(40)) + (rows.count > 40 ? [["and \(rows.count - 40) more", "", ""]] : [])
  }
  let rows =
    some(report.mismatched.map { [$0.name, text($0.expected), text($0.found)] })
    + some(report.missing.map { [$0, "wanted", "missing"] })
    + some(report.unexpected.map { [$0, "not wanted", "there"] })
  return Table(rows: [["tensor", "the network", "the file"]] + rows).text
    + "\n\(report.matched.count) tensors fit"
}
