import Cohort
import Foundation
import Imaging
import SliceStore
import TestFolders
import Testing

/// SEG and RTSTRUCT on their way into a store, beside the series that they were drawn on.
@Suite struct IngestObjectsTests {
  private let series = SampleSeries(series: "1.2.3.9", slices: 4)
  private typealias Frame = LabelObjects.Frame

  private func ingest(
    _ paths: [String], _ store: String, _ change: (inout IngestRecipe) -> Void = { _ in }
  ) throws -> IngestReport {
    var recipe = IngestRecipe()
    recipe.workers = 2
    change(&recipe)
    return try Ingest.run(paths, into: store, recipe: recipe, launch: inProcess)
  }

  /// Two segments on slices 1 and 3; `second` says where the second one is.
  private func segmentation(_ second: @escaping (Int) -> Bool) -> LabelObjects.Segmentation {
    var object = LabelObjects.Segmentation(frames: [
      Frame(segment: 1, slice: 1, values: (0..<30).map { $0 < 10 ? 1 : 0 }),
      Frame(segment: 2, slice: 1, values: (0..<30).map { second($0) ? 1 : 0 }),
      Frame(segment: 2, slice: 3, values: [Int](repeating: 1, count: 30)),
    ])
    object.grid = series.grid
    return object
  }

  private func rectangle(_ low: (Double, Double), _ high: (Double, Double), z: Double) -> String {
    [low, (high.0, low.1), high, (low.0, high.1)].map { corner in
      let place = series.grid.affine(SIMD3(corner.0, corner.1, z))
      return "\(place.x)\\\(place.y)\\\(place.z)"
    }.joined(separator: "\\")
  }

  @Test func segmentsThatDoNotOverlapShareALabelImage() throws {
    let folder = TemporaryFolder()
    try series.write(to: folder / "s")
    try segmentation { $0 >= 20 }.write(to: folder / "s/seg")
    let report = try ingest([folder / "s"], folder / "c.zarr")
    #expect(!report.isPartial)
    #expect(report.volumes.map(\.labels) == [["labels"]])
    let store = try CohortStore(folder / "c.zarr")
    let map = try store.label(store.ids[0], "labels")
    #expect(map.names == [1: "Liver", 2: "Left-kidney"])
    let expected = (0..<120).map { place -> UInt16 in
      let (z, i) = (place / 30, place % 30)
      return z == 3 || z == 1 && i >= 20 ? 2 : z == 1 && i < 10 ? 1 : 0
    }
    #expect(map.labels == expected)
    let before = tree(folder / "c.zarr/volumes")
    #expect(try !ingest([folder / "s"], folder / "c.zarr").isPartial)
    #expect(tree(folder / "c.zarr/volumes") == before)
    #expect(try verify(folder / "c.zarr").isSound)
  }

  @Test func segmentsThatOverlapStayApart() throws {
    let folder = TemporaryFolder()
    try series.write(to: folder / "s")
    try segmentation { $0 >= 5 }.write(to: folder / "s/seg")
    _ = try ingest([folder / "s"], folder / "c.zarr")
    let store = try CohortStore(folder / "c.zarr")
    #expect(try store.record(store.ids[0]).labels.map(\.name) == ["Left-kidney", "Liver"])
    #expect(try store.label(store.ids[0], "Liver").labels.filter { $0 == 1 }.count == 10)
    #expect(try store.label(store.ids[0], "Left-kidney").labels.filter { $0 == 1 }.count == 55)
  }

  @Test func structureSetsAreFilledAndStrangeNamesStayInTheLedger() throws {
    let folder = TemporaryFolder()
    try series.write(to: folder / "s")
    let box = rectangle((0.5, 0.5), (3.5, 2.5), z: 2)
    try LabelObjects.writeStructureSet(
      [
        .init(name: "GTV_1", contours: [box]), .init(name: "Frau CANARY 1950", contours: [box]),
        .init(name: "PTV 50.4", contours: [box]),
        .init(name: "Isocentre", kind: "POINT", contours: ["1\\2\\3"]),
        .init(name: "Liver", contours: [rectangle((0.5, 0.5), (3.5, 2.5), z: 1.4)]),
      ], to: folder / "s/rt")
    let report = try ingest([folder / "s"], folder / "c.zarr") {
      $0.masks.names = ["ptv 50.4": "ptv-low"]
    }
    #expect(report.refusals.map(\.code) == [.labelStructure])
    #expect(report.refusals[0].sentence == "structure 5: contour 1 leaves its slice by 0.4 slices")
    let labels = try #require(report.volumes.first?.labels)
    #expect(labels.count == 3 && labels.contains("GTV-1") && labels.contains("ptv-low"))
    let keyed = try #require(labels.first { $0.hasPrefix("x") })
    let store = try CohortStore(folder / "c.zarr")
    for label in labels {
      #expect(try store.label(store.ids[0], label).labels.filter { $0 == 1 }.count == 6)
    }
    for (file, bytes) in tree(folder / "c.zarr") {
      #expect(bytes.range(of: Data("CANARY".utf8)) == nil, "in \(file)")
    }
    let list = try CohortList(folder / "c.zarr")
    #expect(list.entries[0].identity?.structures == [keyed: "Frau CANARY 1950"])
  }

  @Test func anObjectOnAnotherGridIsRefusedOrResampled() throws {
    let folder = TemporaryFolder()
    try series.write(to: folder / "s")
    var object = segmentation { $0 >= 20 }
    object.grid.affine.origin.x += 1
    try object.write(to: folder / "s/seg")
    let refused = try ingest([folder / "s"], folder / "c.zarr")
    #expect(refused.refusals.map(\.code) == [.labelGrid])
    #expect(refused.refusals[0].sentence.contains("voxels 1.0×1.0×1.0 as large"))
    #expect(refused.volumes.map(\.labels) == [[]])
    let report = try ingest([folder / "s"], folder / "c.zarr") { $0.masks.otherGrid = .nearest }
    #expect(report.volumes.map(\.labels) == [["labels"]])
    #expect(report.volumes[0].resampled?["labels"]?.size == [6, 5, 3])
    let record = try #require(try CohortStore(folder / "c.zarr").volumes.first)
    #expect(record.labels[0].resampledFrom?.spacingRatio == [1, 1, 1])
  }

  @Test func framesFarApartSpanNoMoreThanAVolumeMayHave() throws {
    let folder = TemporaryFolder()
    try series.write(to: folder / "s")
    var object = segmentation { $0 >= 20 }
    object.frames[2].slice = 60_000
    object.grid.affine.origin.x += 1
    try object.write(to: folder / "s/seg")
    let report = try ingest([folder / "s"], folder / "c.zarr") {
      $0.masks.otherGrid = .nearest
      $0.limits.volumeBytes = 2 << 20
    }
    #expect(report.refusals.map(\.code) == [.limit])
    #expect(report.refusals[0].sentence.contains("2 × 1800000"))
    #expect(report.volumes.map(\.labels) == [[]])
  }

  @Test func anObjectMayComeLaterThanItsSeries() throws {
    let folder = TemporaryFolder()
    try series.write(to: folder / "s")
    _ = try ingest([folder / "s"], folder / "c.zarr")
    try FileManager.default.createDirectory(atPath: folder / "m", withIntermediateDirectories: true)
    try segmentation { $0 >= 20 }.write(to: folder / "m/seg")
    #expect(try ingest([folder / "m"], folder / "c.zarr").volumes.map(\.labels) == [["labels"]])
    try FileManager.default.moveItem(atPath: folder / "m/seg", toPath: folder / "s/seg")
    #expect(try ingest([folder / "s"], folder / "c.zarr").volumes.map(\.labels) == [["labels"]])
  }

  @Test func anObjectThatComesLaterIsFoundByItsImagesOrFrameOfReference() throws {
    for images in [true, false] {
      let folder = TemporaryFolder()
      var placed = series
      placed.study = "1.2.3.1"
      placed.change = { try $0.put(0x0020_0052, "UI", "1.2.3.5") }
      try placed.write(to: folder / "s")
      _ = try ingest([folder / "s"], folder / "c.zarr")
      try FileManager.default.createDirectory(
        atPath: folder / "m", withIntermediateDirectories: true)
      var object = segmentation { $0 >= 20 }
      (object.series, object.instance) = ("9.9.9", images ? "\(series.series).1" : "9.9.9.1")
      if images { object.frameOfReference = "9.9" }
      try object.write(to: folder / "m/seg")
      #expect(try ingest([folder / "m"], folder / "c.zarr").volumes.map(\.labels) == [["labels"]])
    }
  }

  @Test func objectsWithoutASeriesOrOfNonsenseAreRefused() throws {
    let folder = TemporaryFolder()
    try series.write(to: folder / "s")
    var stranger = segmentation { _ in false }
    stranger.series = "9.9.9"
    try stranger.write(to: folder / "s/stranger")
    try LabelObjects.writeStructureSet([], to: folder / "s/empty")
    let report = try ingest([folder / "s"], folder / "c.zarr")
    #expect(Set(report.refusals.map(\.code)) == [.labelUnmatched, .malformed])
    #expect(report.volumes.count == 1)
  }
}
