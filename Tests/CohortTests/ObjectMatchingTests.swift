import Cohort
import DICOM
import Imaging
import Testing

@Suite struct ObjectMatchingTests {
  private func header(_ object: LabelObject, path: String = "/seg") -> DICOMHeader {
    var header = DICOMHeader.blank
    (header.identity.path, header.pixelDigest) = (path, "d")
    header.labelObject = object
    return header
  }

  private func object(
    series: [String] = [], instances: [String] = [], frames: [String] = [], grid: Grid? = nil
  ) -> LabelObject {
    LabelObject(
      kind: .segmentation, seriesUIDs: series, instanceUIDs: instances,
      frameOfReferenceUIDs: frames, grid: grid)
  }

  private let other = Grid(size: SIMD3(9, 9, 9), affine: .identity)

  private func candidates() -> [ObjectMatching.Candidate] {
    [
      .init(id: "a", seriesUID: "1", frameOfReferenceUID: "f", instances: ["1.1"], grid: smallGrid),
      .init(id: "b", seriesUID: "2", frameOfReferenceUID: "f", instances: ["2.1"], grid: other),
      .init(id: "c", seriesUID: "2", frameOfReferenceUID: "g", instances: ["2.2"], grid: other),
    ]
  }

  private func match(_ object: LabelObject) throws -> (String?, RefusalCode?) {
    let matching = ObjectMatching([header(object)], candidates: candidates())
    return (matching.assigned.keys.first, matching.refusals.first?.code)
  }

  @Test func theSeriesThatItNamesIsMeant() throws {
    #expect(try match(object(series: ["1"])) == ("a", nil))
    #expect(try match(object(series: ["2"])) == (nil, .labelAmbiguous))
    #expect(try match(object(series: ["2"], instances: ["2.2"])) == ("c", nil))
  }

  @Test func elseItsImagesThenItsFrameOfReferenceAndGrid() throws {
    #expect(try match(object(series: ["9"], instances: ["1.1"])) == ("a", nil))
    #expect(try match(object(frames: ["g"])) == ("c", nil))
    #expect(try match(object(frames: ["f"])) == (nil, .labelAmbiguous))
    #expect(try match(object(frames: ["f"], grid: other)) == ("b", nil))
    var part = other.reordered(axes: [2, 0, 1], flips: [true, false, true])
    (part.affine, part.size) = (part.affine.shifted(to: SIMD3(1, 2, 3)), SIMD3(4, 5, 6))
    #expect(try match(object(frames: ["f"], grid: part)) == ("b", nil))
    #expect(try match(object(frames: ["h"])) == (nil, .labelUnmatched))
    #expect(try match(object()) == (nil, .labelUnmatched))
  }

  @Test func copiesAreOneObject() throws {
    let both = ["/x", "/y"].map { path -> DICOMHeader in
      var header = header(object(series: ["1"]), path: path)
      header.identity.sopInstanceUID = "1.2"
      return header
    }
    #expect(ObjectMatching(both, candidates: candidates()).assigned["a"]?.count == 1)
  }
}
