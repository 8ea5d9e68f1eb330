import DICOM
import Foundation
import Imaging
import TestFolders
import Testing

/// Laws of grouping, on headers without files: a written slice is the pattern of them all.
@Suite struct DICOMSeriesTests {
  private let scan: SyntheticSeries

  init() throws { scan = try SyntheticSeries() }

  @Test func slicesAreSortedAlongTheNormalWhateverTheirNumbers() throws {
    let headers = scan.stack([12, 0, 9, 3, 6])
    let series = try #require(DICOMSeries.group(headers).series.first)
    #expect(series.grid.size.z == 5)
    #expect(series.grid.affine.z == SIMD3(0, 0, 3))
    #expect(series.grid.affine.origin == SIMD3(0, 0, 0))
    #expect(series.headers.count == 5 && series.part == "")
    let order = series.headers.indices.sorted { series.slices[$0][0] < series.slices[$1][0] }
    #expect(order.map { series.headers[$0].planes[0].position.z } == [0, 3, 6, 9, 12])
    for _ in 0..<20 { #expect(DICOMSeries.group(headers.shuffled()).series == [series]) }
  }

  @Test func theAffineFollowsTheDirectionsOfTheSlices() throws {
    let headers = scan.stack([0, 4, 8]) { header in
      let height = header.planes[0].position.z
      header.planes[0].right = SIMD3(0, 1, 0)
      header.planes[0].down = SIMD3(0, 0, -1)
      header.planes[0].position = SIMD3(-height, 5, 7)  // right × down = −x
    }
    let series = try #require(DICOMSeries.group(headers).series.first)
    #expect(series.grid.affine.x == SIMD3(0, 1, 0))
    #expect(series.grid.affine.y == SIMD3(0, 0, -2))
    #expect(series.grid.affine.z == SIMD3(-4, 0, 0))
    #expect(series.grid.affine.determinant > 0)
  }

  @Test func aTiltedGantryIsKeptAsAShearAndFlagged() throws {
    let headers = [0.0, 3, 6, 9].enumerated().map { index, z in
      scan.slice(z, uid: index) {
        $0.planes[0].position.y = z * 0.2
        $0.acquisition.modality = "CT"
      }
    }
    let series = try #require(DICOMSeries.group(headers).series.first)
    #expect(series.flags.contains("gantry-tilt"))
    #expect(series.grid.affine.isSheared)
    #expect(length(series.grid.affine.z - SIMD3(0, 0.6, 3)) < 1e-12)
    let straight = try #require(DICOMSeries.group(scan.stack([0, 3, 6])).series.first)
    #expect(straight.flags.isEmpty)
  }

  @Test func aMissingSliceIsRefusedAndItsPlaceNamed() {
    let grouping = DICOMSeries.group(scan.stack([0, 3, 6, 12, 15]))
    #expect(grouping.series.isEmpty)
    #expect(grouping.reasons.contains("missing between slice 3 (at 6.0 mm along the normal)"))
    #expect(grouping.refused[0].paths.count == 5)
  }

  @Test func unevenSlicesAreRefusedAndRoundingIsNot() {
    #expect(DICOMSeries.group(scan.stack([0, 3, 6.4, 9])).reasons.contains("unevenly spaced"))
    #expect(DICOMSeries.group(scan.stack([0, 3.001, 6, 9.002])).series.count == 1)
  }

  @Test func slicesOffTheLineAreRefused() {
    let headers = [0.0, 3, 6, 9].enumerated().map {
      scan.slice($1, uid: $0) { $0.planes[0].position.y = $0.instanceNumber == 2 ? 5 : 0 }
    }
    #expect(DICOMSeries.group(headers).reasons.contains("line"))
  }

  @Test func positionsThatRepeatBecomeTimeInOrder() throws {
    let headers = (0..<3).flatMap { time in
      scan.stack([0, 5, 10], from: time * 3) { $0.planes[0].time.acquisition = 100 - Double(time) }
    }
    let series = try #require(DICOMSeries.group(headers.shuffled()).series.first)
    #expect(series.leading == .time(3))
    let place = try #require(series.headers.firstIndex { $0.instanceNumber == 6 })
    #expect(series.slices[place] == [0])  // the last written was acquired first
    #expect(series.byteCount == 3 * 3 * 33 * 35 * 2)
  }

  /// Labelled and control images of perfusion, say: the dimension is slower than time.
  @Test func framesOfOneFileFollowTheirDimensionsWhereTimeIsNotTheSlowest() throws {
    var header = scan.pattern
    header.pixels?.frames = 8
    header.planes = [0, 1, 2, 3].flatMap { lead in
      [0.0, 3].map { z in
        var plane = scan.pattern.planes[0]
        plane.position = SIMD3(0, 0, z)
        plane.index = lead * 2 + (z > 0 ? 1 : 0)
        plane.time.position = Double(lead % 2 + 1)
        plane.time.indices = [Double(lead / 2), Double(lead % 2 + 1)]
        return plane
      }
    }
    let series = try #require(DICOMSeries.group([header]).series.first)
    #expect(series.leading == .time(4) && series.slices == [[0, 1, 2, 3, 4, 5, 6, 7]])
  }

  @Test func aTimePointWithoutOneSliceIsRefused() {
    let headers = (0..<3).flatMap { scan.stack([0, 5, 10], from: $0 * 3) }
    let grouping = DICOMSeries.group(Array(headers.dropLast()))
    #expect(grouping.reasons.contains("slice 3 of 3 (at 10.0 mm along the normal) occurs 2 times"))
  }

  @Test func echoesAndComponentsBecomeVolumesOfTheirOwn() {
    let echoes = [5.0, 7.5].enumerated().flatMap { number, echo in
      scan.stack([0, 3], from: number * 2) { $0.planes[0].echoTime = echo }
    }
    let grouped = DICOMSeries.group(echoes).series
    #expect(grouped.map(\.part) == ["e1", "e2"] && grouped.map(\.echoTime) == [5, 7.5])
    let components = [DICOMHeader.Component.magnitude, .phase].enumerated().flatMap {
      number, component in
      scan.stack([0, 3], from: number * 2) { $0.planes[0].component = component }
    }
    #expect(DICOMSeries.group(components).series.map(\.part) == ["magnitude", "phase"])
  }

  @Test func acquisitionsOfCTStayApartAndThoseOfMRAreTime() {
    let headers = (1...2).flatMap { number in
      scan.stack([0, 3, 6], from: number * 3) { $0.acquisitionNumber = number }
    }
    #expect(DICOMSeries.group(headers).series.map(\.leading) == [.time(2)])
    let ct = headers.map { header in
      var header = header
      header.acquisition.modality = "CT"
      return header
    }
    #expect(DICOMSeries.group(ct).series.map(\.part) == ["a1", "a2"])
  }

  @Test func aLocalizerIsSplitByDirectionAndSingleSlicesArePolicy() {
    let headers =
      scan.stack([0], from: 0) + [
        scan.slice(1, uid: 1) {
          $0.planes[0].right = SIMD3(0, 1, 0)
          $0.planes[0].down = SIMD3(0, 0, -1)
        }
      ]
    #expect(DICOMSeries.group(headers).refused.count == 2)
    var policy = DICOMSeries.Policy()
    policy.singleSlices = true
    let grouping = DICOMSeries.group(headers, policy: policy)
    #expect(grouping.series.count == 2)
    #expect(Set(grouping.series.map(\.part)).count == 2)
    #expect(grouping.series.allSatisfy { $0.flags.contains("single-slice") })
  }

  @Test func copiesAreDroppedWithANote() {
    let headers = scan.stack([0, 3, 6])
    var sameUID = headers[1]
    sameUID.identity.path = "/elsewhere/1"
    var samePixels = headers[2]
    samePixels.identity.path = "/elsewhere/2"
    samePixels.identity.sopInstanceUID = "2.25.77"
    let grouping = DICOMSeries.group(headers + [sameUID, samePixels])
    #expect(grouping.series.map(\.grid.size.z) == [3])
    #expect(grouping.notes.count == 2)
  }

  @Test func seriesFramesOfReferenceAndSizesAreNeverMixed() {
    let other = scan.stack([9, 12], from: 5) { $0.identity.seriesInstanceUID = "2.25.9" }
    #expect(DICOMSeries.group(scan.stack([0, 3, 6]) + other).series.count == 2)
    let frame = scan.stack([9, 12], from: 5) { $0.identity.frameOfReferenceUID = "2.25.9" }
    #expect(DICOMSeries.group(scan.stack([0, 3, 6]) + frame).series.map(\.part) == ["f1", "f2"])
    let size = scan.stack([9, 12], from: 5) { $0.pixels?.rows = 7 }
    #expect(
      DICOMSeries.group(scan.stack([0, 3, 6]) + size).series.map(\.part).sorted() == ["m1", "m2"])
    let number = scan.stack([9, 12], from: 5) { $0.seriesNumber = 12 }
    #expect(DICOMSeries.group(scan.stack([0, 3, 6]) + number).series.map(\.part) == ["s1", "s12"])
  }

  /// A series has one frame of reference: where each slice has its own, a de-identifier drew them.
  @Test func aFrameOfReferenceForEverySliceTellsNothingApart() {
    func taken(_ frame: (Int) -> String) -> Int {
      let slices = [0.0, 3, 6, 9].enumerated().map { number, z in
        scan.slice(z, uid: number + 1) { $0.identity.frameOfReferenceUID = frame(number) }
      }
      return DICOMSeries.group(slices).series.count
    }
    #expect(taken { "2.25.\($0)" } == 1)
    #expect(taken { "2.25.\($0 / 2)" } == 2)
  }

  @Test func slopesThatDifferAreKeptBySlice() throws {
    let headers = scan.stack([6, 0, 3]) { header in
      header.planes[0].slope = 1 + header.planes[0].position.z
    }
    let series = try #require(DICOMSeries.group(headers).series.first)
    #expect(series.scaling == .perSlice(slope: [1, 4, 7], intercept: [0, 0, 0]))
  }

  @Test func whatIsNoImageIsCountedApart() {
    var report = scan.pattern
    report.nonImage = "structured report"
    report.planes = []
    let grouping = DICOMSeries.group(scan.stack([0, 3]) + [report])
    #expect(grouping.nonImages.count == 1 && grouping.series.count == 1)
  }

  @Test func aFileThatChangedIsNoticed() throws {
    try withFolder { folder in
      let path = try Fixtures.patched("explicit", in: folder) { _ in }
      var policy = DICOMSeries.Policy()
      policy.singleSlices = true
      let grouping = DICOMSeries.group([try DICOMFile.header(path)], policy: policy)
      let series = try #require(grouping.series.first)
      _ = try series.volume()
      _ = try Fixtures.patched("explicit", in: folder) { $0[$0.count - 9] ^= 1 }
      #expect(throws: DICOMError.changed(path: path)) { try series.volume() }
    }
  }
}
