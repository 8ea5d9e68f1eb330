import DICOM
import Foundation
import Testing

/// The 35 malformed files that a collection outside keeps, each with what is wrong with it. Where the
/// shared data are absent there is nothing to read.
@Suite struct MalformedFiles {
  private struct Case: Decodable {
    var filename: String
    var mutation: String
  }

  /// What contradicts itself where pixels are read; the rest is odd, and its pixels are whole.
  private static let refused = [
    "depth_100": "limit", "buf_2x": "pixels", "ba_zero": "unsupported", "ba_48": "unsupported",
    "pi_empty": "unsupported", "deflate_corrupt": "malformed", "deflate_truncated": "malformed",
    "dicm_offset256": "not-dicom",
  ]

  @Test func eachIsTakenOrRefusedForWhatIsWrongWithIt() throws {
    let folder = RealSeriesTests.data.deletingLastPathComponent()
      .appendingPathComponent("malformed/dicom-fuzz")
    guard let list = try? Data(contentsOf: folder.appendingPathComponent("cases.json")) else {
      return
    }
    let cases = try JSONDecoder().decode([Case].self, from: list)
    #expect(cases.count == 35)
    for one in cases {
      let bytes = try [UInt8](Data(contentsOf: folder.appendingPathComponent(one.filename)))
      switch Outcome(pixels: bytes) {
      case .taken(let values):
        #expect(Self.refused[one.mutation] == nil && !values.isEmpty, "\(one.filename)")
      case .refused(let code): #expect(Self.refused[one.mutation] == code, "\(one.filename)")
      }
      #expect(Outcome(bytes) != .refused("failure"), "\(one.filename)")
    }
  }
}
