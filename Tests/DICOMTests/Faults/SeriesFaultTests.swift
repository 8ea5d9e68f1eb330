import DICOM
import Foundation
import Imaging
import TestFolders
import Testing

/// Faults of series geometry, one test a fault; the number is that of the catalogue of faults.
@Suite struct SeriesFaultTests {
  private let synthetic: SyntheticSeries

  init() throws { synthetic = try SyntheticSeries() }

  private func policy(_ change: (inout DICOMSeries.Policy) -> Void) -> DICOMSeries.Policy {
    var policy = DICOMSeries.Policy()
    change(&policy)
    return policy
  }

  @Test func fault53ShuffledFilesGiveTheSameVolume() throws {
    let headers = synthetic.repeated([0, 3, 6, 9], times: 3)
    let straight = DICOMSeries.group(headers)
    #expect(straight.series.count == 1)
    for _ in 0..<20 { #expect(DICOMSeries.group(headers.shuffled()).series == straight.series) }
  }

  @Test func fault54ReversedInstanceNumbersDoNotTurnTheVolume() throws {
    let forward = synthetic.stack([0, 3, 6, 9])
    let backward = synthetic.stack([9, 6, 3, 0])
    #expect(DICOMSeries.group(forward).order == [1, 2, 3, 4])
    #expect(DICOMSeries.group(backward).order == [4, 3, 2, 1])
    #expect(
      DICOMSeries.group(forward).series.map(\.grid)
        == DICOMSeries.group(backward).series.map(\.grid))
  }

  @Test func fault55WithoutInstanceNumbersPlacesAndTimesAreEnough() throws {
    let headers = synthetic.repeated([0, 3], times: 2) { time, header in
      header.instanceNumber = nil
      header.planes[0].time.position = Double(2 - time)
    }
    let series = try #require(DICOMSeries.group(headers.shuffled()).series.first)
    #expect(series.leading == .time(2))
    let late = try #require(series.headers.firstIndex { $0.identity.path == "/scan/1" })
    #expect(series.slices[late] == [2])  // the volume written first has temporal position 2
  }

  @Test func fault56AMissingMiddleSliceIsRefusedWithItsPlace() {
    let grouping = DICOMSeries.group(synthetic.stack([0, 3, 6, 12, 15]))
    #expect(grouping.series.isEmpty && grouping.refused[0].error.code == "slices")
    #expect(grouping.reasons.contains("missing between slice 3 (at 6.0 mm along the normal)"))
  }

  @Test func fault56AMissingSliceIsSplitOrFilledWhenTheRecipeSaysSo() throws {
    let headers = synthetic.stack([0, 3, 6, 12, 15])
    let split = DICOMSeries.group(headers, policy: policy { $0.missing = .split }).series
    #expect(split.map(\.part) == ["p1", "p2"] && split.map(\.grid.size.z) == [3, 2])
    #expect(split.map(\.grid.affine.origin.z) == [0, 12])
    let filled = DICOMSeries.group(headers, policy: policy { $0.missing = .fill }).series
    let series = try #require(filled.first)
    #expect(series.grid.size.z == 6 && series.grid.affine.z.z == 3)
    #expect(series.flags.contains("filled"))
    #expect(series.blends?.map(\.weight) == [0, 0, 0, 0.5, 0, 0])
    #expect(series.blends.map { [$0[3].low, $0[3].high] } == [2, 3])
  }

  /// Nothing in the files counts on a slice at the end; the volume is what is there.
  @Test func fault57AMissingEndSliceShortensOneTimePointAndIsRefused() {
    let headers = synthetic.repeated([0, 3, 6], times: 2)
    #expect(
      DICOMSeries.group(Array(headers.dropLast())).reasons.contains(
        "slice 3 of 3 (at 6.0 mm along the normal) occurs 1 times, others 2 times"))
    let one = DICOMSeries.group(synthetic.stack([0, 3, 6])).series
    #expect(one.map(\.grid.size.z) == [3])
  }

  @Test func fault58UnevenSlicesAreRefusedOrResampled() throws {
    let headers = synthetic.stack([0, 3, 6, 10, 13])
    #expect(DICOMSeries.group(headers).reasons.contains("unevenly spaced between slice 3"))
    let resampled = DICOMSeries.group(headers, policy: policy { $0.uneven = .resample }).series
    let series = try #require(resampled.first)
    #expect(series.flags.contains("resampled") && series.grid.size.z == 5)
    #expect(abs(series.grid.affine.z.z - 13.0 / 4) < 1e-12)
    let blend = try #require(series.blends?[1])  // at 3.25, between 3 and 6
    #expect((blend.low, blend.high) == (1, 2) && abs(blend.weight - 0.25 / 3) < 1e-9)
  }

  @Test func fault59IdenticalCopiesAreDropped() {
    let headers = synthetic.stack([0, 3, 6])
    var copy = headers[1]
    copy.identity.path = "/elsewhere"
    let grouping = DICOMSeries.group(headers + [copy])
    #expect(grouping.series.map(\.grid.size.z) == [3] && grouping.notes.count == 1)
  }

  @Test func fault60DifferentImagesUnderOneUIDAreNotTakenForCopies() {
    let headers = synthetic.stack([0, 3, 6])
    var other = headers[1]
    other.identity.path = "/elsewhere"
    other.pixelDigest = "other pixels"
    #expect(DICOMSeries.group(headers + [other]).reasons.contains("occurs 2 times, others"))
    let twice = headers.map { header in
      var header = header
      header.pixelDigest += " again"
      header.identity.path += " again"
      return header
    }
    #expect(DICOMSeries.group(headers + twice).series.map(\.leading) == [.time(2)])
  }

  @Test func fault60OnePictureInTwoTransferSyntaxesIsACopy() {
    let headers = synthetic.stack([0, 3, 6])
    var other = headers[1]
    other.identity.path = "/elsewhere"
    (other.pixelDigest, other.transferSyntax) = ("packed", TransferSyntax.rle)
    #expect(DICOMSeries.group(headers + [other]).series.map(\.grid.size.z) == [3])
  }

  @Test(arguments: [
    (UInt32(0x0020_0032), "", "no ImagePositionPatient"),
    (0x0020_0037, "1\\0\\0\\1\\0\\0", "not perpendicular"),
    (0x0020_0037, "2\\0\\0\\0\\1\\0", "no unit vectors"),
  ])
  func faults61And62PlacesThatSayNothingAreRefused(
    tag: UInt32, text: String, reason: String
  ) throws {
    try withFolder { folder in
      let path = try synthetic.write(folder) { try $0.put(tag, "DS", text) }
      let error = #expect(throws: DICOMError.self) { try DICOMFile.header(path) }
      #expect(error?.code == "geometry" && error?.reason.contains(reason) == true)
    }
  }

  @Test func fault62RoundedDirectionsAreMadeUnitVectors() throws {
    try withFolder { folder in
      let path = try synthetic.write(folder) {
        try $0.put(0x0020_0037, "DS", "0.96\\0.168\\-0.224\\0.0001\\0.8\\0.6")
      }
      let plane = try DICOMFile.header(path).planes[0]
      #expect(abs(length(plane.right) - 1) < 1e-12 && abs(length(plane.down) - 1) < 1e-12)
    }
  }

  @Test func fault63DirectionsAreNeverMixed() {
    let sagittal = synthetic.stack([0, 3], from: 10) { header in
      header.planes[0].position = SIMD3(header.planes[0].position.z, 0, 0)
      header.planes[0].right = SIMD3(0, 1, 0)
      header.planes[0].down = SIMD3(0, 0, -1)
    }
    let series = DICOMSeries.group(synthetic.stack([0, 3]) + sagittal).series
    #expect(series.count == 2 && Set(series.map(\.part)) == ["o1", "o2"])
  }

  @Test func faults64And65SizesAndSpacingsAreNeverMixed() {
    let size = synthetic.stack([0, 3], from: 10) { $0.pixels?.rows = 7 }
    #expect(DICOMSeries.group(synthetic.stack([0, 3]) + size).series.count == 2)
    let spacing = synthetic.stack([0, 3], from: 10) { $0.planes[0].spacing = SIMD2(0.9, 0.9) }
    #expect(DICOMSeries.group(synthetic.stack([0, 3]) + spacing).series.count == 2)
  }

  @Test func fault66ATiltedGantryStaysAShearAndIsFlagged() throws {
    let headers = synthetic.stack([0, 3, 6]) { header in
      header.acquisition.modality = "CT"
      header.planes[0].position.y = header.planes[0].position.z * 0.25
    }
    let series = try #require(DICOMSeries.group(headers).series.first)
    #expect(series.flags.contains("gantry-tilt") && series.grid.affine.isSheared)
    #expect(length(series.grid.affine.z - SIMD3(0, 0.75, 3)) < 1e-12)
  }

  @Test func fault67ASingleSliceIsRefusedUnlessAllowed() {
    #expect(DICOMSeries.group(synthetic.stack([0])).reasons == "a single slice")
    let allowed = policy { $0.singleSlices = true }
    #expect(DICOMSeries.group(synthetic.stack([0]), policy: allowed).series.count == 1)
  }

  @Test func fault68TimeFollowsTemporalPositionThenTriggerThenInstance() {
    func order(_ change: (Int, inout DICOMHeader.Time) -> Void) -> [Int] {
      DICOMSeries.group(
        synthetic.repeated([0, 3], times: 3) { change($0, &$1.planes[0].time) }.shuffled()
      ).order
    }
    #expect(order { _, _ in } == [1, 2, 3, 4, 5, 6])
    #expect(order { $1.position = Double(3 - $0) } == [5, 6, 3, 4, 1, 2])
    #expect(order { $1.trigger = Double(3 - $0) } == [5, 6, 3, 4, 1, 2])
    #expect(order { $1.acquisition = Double(3 - $0) } == [5, 6, 3, 4, 1, 2])
    // A trigger that two images of a place share orders nothing.
    #expect(order { $1.trigger = $0 == 0 ? 9 : 1 } == [1, 2, 3, 4, 5, 6])
    #expect(order { $1.indices = [Double(3 - $0)] } == [1, 2, 3, 4, 5, 6])
  }

  @Test func fault69EchoesPhasesAndTimingsBecomeVolumesOfTheirOwn() {
    func parts(_ change: (Int, inout DICOMHeader) -> Void) -> [String] {
      DICOMSeries.group(synthetic.repeated([0, 3], times: 2, change).shuffled()).series.map(\.part)
    }
    #expect(parts { $1.planes[0].echoTime = [5, 7.5][$0] } == ["e1", "e2"])
    #expect(
      parts { $1.planes[0].component = [.magnitude, .phase][$0] } == ["magnitude", "phase"])
    #expect(parts { $1.acquisition.flipAngle = [3, 20][$0] } == ["r1", "r2"])
    #expect(parts { $1.acquisition.kVp = [80, 140][$0] }.count == 2)
  }

  @Test func fault70SlopesStayWithTheirSlicesAndZeroIsRefused() throws {
    let headers = synthetic.stack([6, 0, 3]) { header in
      header.planes[0].slope = 1 + header.planes[0].position.z
    }
    let series = try #require(DICOMSeries.group(headers).series.first)
    #expect(series.scaling == .perSlice(slope: [1, 4, 7], intercept: [0, 0, 0]))
    try withFolder { folder in
      for slope in ["0", "1e300"] {
        let path = try synthetic.write(folder) { try $0.put(0x0028_1053, "DS", slope) }
        let error = #expect(throws: DICOMError.self) { try DICOMFile.header(path) }
        #expect(error?.code == "pixels")
      }
    }
  }

  @Test func localizersAndDerivedImagesAreLeftOutWhenTheRecipeSaysSo() {
    let headers = synthetic.stack([0, 3]) {
      $0.planes[0].imageType = "ORIGINAL\\PRIMARY\\LOCALIZER"
    }
    #expect(DICOMSeries.group(headers).series.first?.flags == ["localizer"])
    let strict = policy { ($0.localizers, $0.derived) = (.refuse, .refuse) }
    #expect(DICOMSeries.group(headers, policy: strict).reasons.contains("localizer"))
    let derived = synthetic.stack([0, 3]) { $0.planes[0].imageType = "DERIVED\\SECONDARY\\MPR" }
    #expect(DICOMSeries.group(derived, policy: strict).reasons.contains("derived"))
  }
}
