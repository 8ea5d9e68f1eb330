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

  @Test func theSentenceSaysWhatIsMissing() throws {
    func sentence(_ object: LabelObject) -> String? {
      ObjectMatching([header(object)], candidates: candidates(), given: ["1", "2", "8"])
        .refusals.first?.sentence
    }
    #expect(sentence(object(series: ["8"])) == "the series that it was drawn on was not taken: 8")
    #expect(sentence(object(series: ["9"])) == "the series that it was drawn on is not here: 9")
    #expect(
      sentence(object(frames: ["h"]))
        == "no image or Frame of Reference that it names is one of a volume")
    #expect(sentence(object()) == "it names no series, image or Frame of Reference")
    #expect(
      sentence(object(series: ["2"])) == "2 volumes could be the one that it was drawn on")
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
