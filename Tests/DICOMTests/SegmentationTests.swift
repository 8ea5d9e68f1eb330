import DICOM
import Foundation
import Imaging
import TestFolders
import Testing

@Suite struct SegmentationTests {
  private let grid = LabelObjects.grid
  private typealias Frame = LabelObjects.Frame
  /// Three frames of 15 pixels: 45 bits, so the second begins in the middle of a byte.
  private let first = (0..<15).map { $0 % 4 == 0 ? 1 : 0 }
  private let second = (0..<15).map { $0 % 3 == 1 ? 1 : 0 }
  private let third = (0..<15).map { $0 > 9 ? 1 : 0 }

  private func read(
    _ segmentation: LabelObjects.Segmentation, on grid: Grid = LabelObjects.grid,
    threshold: Double = 0.5
  ) throws -> [Structure] {
    try withFolder { folder in
      try segmentation.write(to: folder + "/seg")
      return try DICOMFile(path: folder + "/seg").structures(on: grid, threshold: threshold)
    }
  }

  private func values(_ mask: StructureMask, _ z: Int) -> [Int] {
    (0..<mask.grid.size.y).flatMap { y in
      (0..<mask.grid.size.x).map { mask.contains($0, y, z) ? 1 : 0 }
    }
  }

  @Test func bitsRunOnFromFrameToFrameAndFramesComeInAnyOrder() throws {
    let structures = try read(
      .init(frames: [
        Frame(segment: 2, slice: 3, values: first), Frame(segment: 1, slice: 0, values: second),
        Frame(segment: 2, slice: 1, values: third),
      ]))
    #expect(structures.map(\.name.label) == ["Liver", "Left kidney"])
    #expect(structures.map(\.mask.slices) == [[0], [1, 3]])
    #expect(values(structures[1].mask, 3) == first)
    #expect(values(structures[0].mask, 0) == second)
    #expect(values(structures[1].mask, 1) == third)
    #expect(structures.allSatisfy { $0.mask.grid == grid && $0.problem == nil })
  }

  @Test func overlappingSegmentsStayApart() throws {
    let structures = try read(
      .init(frames: [1, 2].map { Frame(segment: $0, slice: 1, values: third) }))
    #expect(structures[0].mask.planes == structures[1].mask.planes)
  }

  @Test func aFractionalOneIsInsideFromTheThresholdOn() throws {
    var segmentation = LabelObjects.Segmentation(
      frames: [Frame(segment: 1, slice: 2, values: (0..<15).map { $0 * 10 })])
    (segmentation.type, segmentation.bits, segmentation.maximum) = ("FRACTIONAL", 8, 200)
    #expect(try read(segmentation)[0].mask.count == 5)  // 100, 110, 120, 130, 140
    #expect(try read(segmentation, threshold: 0.05)[0].mask.count == 14)
    #expect(try read(segmentation, threshold: 1)[0].mask.count == 0)
    segmentation.maximum = nil
    #expect(throws: DICOMError.self) { try read(segmentation) }
  }

  @Test(arguments: [8, 16], ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5"])
  func aLabelMapHoldsTheSegmentsNumbers(_ bits: Int, _ syntax: String) throws {
    var segmentation = LabelObjects.Segmentation(
      frames: (0..<2).map { z in
        Frame(segment: nil, slice: z, values: (0..<15).map { ($0 + z) % 3 })
      })
    (segmentation.type, segmentation.bits) = ("LABELMAP", bits)
    (segmentation.sopClass, segmentation.syntax) = ("1.2.840.10008.5.1.4.1.1.66.7", syntax)
    let structures = try read(segmentation)
    for number in 1...2 {
      #expect(
        values(structures[number - 1].mask, 1) == (0..<15).map { ($0 + 1) % 3 == number ? 1 : 0 })
    }
    segmentation.padding = 2
    #expect(try read(segmentation)[1].mask.count == 0)
    segmentation.labels = ["Liver"]
    segmentation.padding = nil
    #expect(throws: DICOMError.self) { try read(segmentation) }
  }

  @Test func framesOfAnotherOrderOfAxesAreReindexed() throws {
    // Drawn in sagittal slices from left to right, rows upwards: the same voxels.
    let turned = grid.reordered(axes: [1, 2, 0], flips: [false, true, true])
    var segmentation = LabelObjects.Segmentation(
      frames: [Frame(segment: 1, slice: 1, values: (0..<12).map { $0 == 7 ? 1 : 0 })])
    segmentation.grid = turned
    let mask = try read(segmentation)[0].mask
    // Column 1 of row 2: y 1, z 3 − 2; sagittal slice 1 from the right: x 4 − 1.
    #expect(mask.count == 1 && mask.grid == grid && mask.contains(3, 1, 1))
  }

  @Test func framesOfAnotherGridComeOnTheirOwn() throws {
    var segmentation = LabelObjects.Segmentation(
      frames: [0, 2].map { Frame(segment: 1, slice: $0, values: third) })
    segmentation.grid.affine.origin.x += 1
    let mask = try read(segmentation)[0].mask
    #expect(mask.grid.size == SIMD3(5, 3, 3))
    #expect(mask.grid.matches(Grid(size: SIMD3(5, 3, 3), affine: segmentation.grid.affine)))
    #expect(mask.slices == [0, 2])
  }

  @Test func theHeaderSaysWhatItWasDrawnOn() throws {
    try withFolder { folder in
      try LabelObjects.Segmentation(frames: [Frame(segment: 1, slice: 1, values: first)])
        .write(to: folder + "/seg")
      let header = try DICOMFile.header(folder + "/seg")
      let object = try #require(header.labelObject)
      #expect(object.kind == .segmentation && header.nonImage != nil && header.planes.isEmpty)
      #expect(object.seriesUIDs == ["1.2.3.9"] && object.instanceUIDs == ["1.2.3.9.1"])
      #expect(object.frameOfReferenceUIDs == ["1.2.3.5"])
      #expect(object.grid?.size == SIMD3(5, 3, 1))
    }
  }

  @Test func framesThatContradictThemselvesAreRefused() throws {
    let frame = Frame(segment: 1, slice: 0, values: first)
    typealias Segmentation = LabelObjects.Segmentation
    var wrong = [
      Segmentation(frames: [frame, frame]),  // twice at one place
      Segmentation(frames: [Frame(segment: 3, slice: 0, values: first)]),  // no such segment
      Segmentation(frames: [Frame(segment: nil, slice: 0, values: first)]),
      Segmentation(labels: [], frames: [frame]),
    ]
    wrong.append(Segmentation(frames: [frame], framesAnnounced: 2))
    wrong.append(Segmentation(frames: [frame], framesAnnounced: 70_000))
    wrong.append(Segmentation(type: "OTHER", frames: [frame]))
    for segmentation in wrong {
      #expect(throws: DICOMError.self) { try read(segmentation) }
    }
  }
}
