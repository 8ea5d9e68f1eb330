import Foundation
import Imaging
import Segmentation
import TestFolders
import Testing
import Torch

private func trained(_ store: SyntheticStore) throws -> Segmenter {
  let run = store.run("segmenter")
  _ = try finetune(
    store.slices, recipe: SyntheticStore.recipe(.scratch, steps: 2), from: nil, into: run)
  return try Segmenter(run: run.path, threads: 1)
}

@Test func aScanLargerThanTheTrainingCanvasIsSegmentedWhole() throws {
  let segmenter = try trained(SyntheticStore())
  let scan = SyntheticScan(seed: 9, size: SIMD3(50, 41, 3))
  let mask = try segmenter.predict(scan.volume, modality: "MR")
  #expect(mask.grid == scan.volume.grid)
}

@Test func theSizeOfABatchDoesNotChangeTheMask() throws {
  let segmenter = try trained(SyntheticStore())
  let scan = SyntheticScan(seed: 9)
  let one = try segmenter.predict(scan.volume, modality: "MR", batch: 1)
  #expect(try segmenter.predict(scan.volume, modality: "MR", batch: 5) == one)
}

@Test func aMirroredScanHasTheMirroredMaskWhenMirrorImagesAreAveraged() throws {
  let segmenter = try trained(SyntheticStore())
  let scan = SyntheticScan(seed: 9, size: SIMD3(32, 32, 3))
  var mirrored = scan.volume
  let values = scan.volume.values()
  mirrored = Volume(
    grid: scan.volume.grid, values: values.indices.map { values[$0 / 32 * 32 + 31 - $0 % 32] })
  let one = try segmenter.predict(scan.volume, modality: "MR", mirrored: true).labels
  let other = try segmenter.predict(mirrored, modality: "MR", mirrored: true).labels
  let back = other.indices.map { other[$0 / 32 * 32 + 31 - $0 % 32] }
  #expect(zip(one, back).filter { $0 != $1 }.count < one.count / 200)
}

@Test func aScanThatDoesNotSayItsModalityIsTakenForOneOfTheTrainingScans() throws {
  let segmenter = try trained(SyntheticStore(modality: "CT"))
  #expect(segmenter.description.modality == "CT")
  let scan = SyntheticScan(seed: 3).volume
  let unsaid = try segmenter.predict(scan, modality: "")
  #expect(try segmenter.predict(scan, modality: "CT") == unsaid)
  #expect(try segmenter.predict(scan, modality: "MR") != unsaid)
  #expect(try trained(SyntheticStore(modality: "MR")).description.modality == "")
}

@Test func predictionCanBeStopped() throws {
  let segmenter = try trained(SyntheticStore())
  #expect(throws: CancellationError.self) {
    try segmenter.predict(SyntheticScan(seed: 1).volume, modality: "MR", shouldStop: { true })
  }
}

@Test func aScanWithOtherChannelsIsRefused() throws {
  let segmenter = try trained(SyntheticStore())
  let scan = SyntheticScan(seed: 1).volume
  let two = Volume(
    grid: scan.grid, leading: .channel(2), values: scan.values() + scan.values())
  #expect(throws: SegmentationError.channelsDiffer(expected: 1, found: 2)) {
    try segmenter.predict(two, modality: "MR")
  }
}

@Test func whatIsNoSegmenterIsRefusedByName() throws {
  let folder = TemporaryFolder()
  let file = folder / "segmenter.safetensors"
  #expect(throws: SegmentationError.self) { try Segmenter(run: folder.path) }
  try SafeTensors(tensors: ["a": .zeros([1])], metadata: ["kind": "other"]).write(to: file)
  #expect(
    throws: SegmentationError.notASegmenter(path: file, reason: "its kind is other")
  ) { try Segmenter(run: folder.path) }
  try Data("{}".utf8).write(to: URL(fileURLWithPath: file))
  #expect(throws: (any Error).self) { try Segmenter(run: folder.path) }
}

/// Scores that are resampled before the classes are decided may be scaled as one likes; probabilities may not.
@Test(arguments: [false, true])
func classesAreDecidedFromResampledScoresAndNotFromProbabilities(_ mirrored: Bool) throws {
  let store = try SyntheticStore(spacing: [1.7, 1.3])
  let run = store.run("scaled")
  _ = try finetune(
    store.slices, recipe: SyntheticStore.recipe(.scratch, steps: 12), from: nil, into: run)
  let scan = SyntheticScan(seed: 9).volume
  func mask() throws -> LabelMap {
    try Segmenter(run: run.path, threads: 1).predict(scan, modality: "MR", mirrored: mirrored)
  }
  let plain = try mask()
  #expect(Set(plain.labels).count > 1)
  var archive = try SafeTensors(reading: run.segmenter)
  for part in ["weight", "bias"] {
    let name = "decoder.seg_layers.1.\(part)"
    archive.tensors[name] = try #require(archive.tensors[name]) * 16
  }
  try archive.write(to: run.segmenter)
  #expect(try mask() == plain)
}

@Test func aSegmenterMirrorsAsItsRecipeSaysUnlessItIsTold() throws {
  let store = try SyntheticStore()
  var recipe = SyntheticStore.recipe(.scratch, steps: 2)
  recipe.mirror = true
  let run = store.run("mirroring")
  _ = try finetune(store.slices, recipe: recipe, from: nil, into: run)
  let segmenter = try Segmenter(run: run.path, threads: 1)
  let scan = SyntheticScan(seed: 9).volume
  let (unsaid, on, off) = (
    try segmenter.predict(scan, modality: "MR"),
    try segmenter.predict(scan, modality: "MR", mirrored: true),
    try segmenter.predict(scan, modality: "MR", mirrored: false)
  )
  #expect(unsaid == on && on != off)
}

@Test func aSegmenterFromBeforeASettingCameHasItsDefault() throws {
  let store = try SyntheticStore()
  let run = store.run("older")
  var recipe = SyntheticStore.recipe(.scratch, steps: 2)
  recipe.features = [8, 16]
  _ = try finetune(store.slices, recipe: recipe, from: nil, into: run)
  let whole = try Segmenter(run: run.path, threads: 1).description
  var archive = try SafeTensors(reading: run.segmenter)
  func without(_ keys: [String], of name: String, _ path: [String] = []) throws {
    let text = try #require(archive.metadata[name])
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
    func removed(_ value: Any, _ path: ArraySlice<String>) -> Any {
      guard var section = value as? [String: Any] else { return value }
      if let first = path.first {
        section[first] = section[first].map { removed($0, path.dropFirst()) }
      } else {
        for key in keys { section[key] = nil }
      }
      return section
    }
    let data = try JSONSerialization.data(withJSONObject: removed(object, path[...]))
    #expect(data.count < text.utf8.count)
    archive.metadata[name] = String(decoding: data, as: UTF8.self)
  }
  try without(["mirror", "patience", "average", "layerDecay", "keep"], of: "recipe")
  try without(["minimumVolume", "connectivity"], of: "recipe", ["components"])
  try without(["batchNormGroups", "convolutions"], of: "architecture", ["encoder"])
  archive.metadata["modality"] = nil
  try archive.write(to: run.segmenter)
  #expect(try Segmenter(run: run.path, threads: 1).description == whole)
  archive.metadata["recipe"] = "[1]"
  try archive.write(to: run.segmenter)
  #expect(
    throws: SegmentationError.notASegmenter(path: run.segmenter, reason: "recipe cannot be read")
  ) { try Segmenter(run: run.path) }
}

/// A file may come from anybody: what its strings ask for is not built before it is compared with its tensors.
@Test(
  arguments: [
    ("architecture", #""features":[8,16]"#, #""features":[8,-1]"#),
    ("architecture", #""features":[8,16]"#, #""features":[8,60000]"#),
    ("architecture", #""strides":[1,2]"#, #""strides":[1,0]"#),
    ("preprocessing", #""spacing":[1.7,1.3]"#, #""spacing":[0,0]"#),
  ])
func aSegmenterWhoseStringsMakeNoSenseIsRefused(
  _ key: String, _ right: String, _ wrong: String
) throws {
  let store = try SyntheticStore(spacing: [1.7, 1.3])
  let run = store.run("hostile")
  var recipe = SyntheticStore.recipe(.scratch, steps: 1)
  recipe.features = [8, 16]
  _ = try finetune(store.slices, recipe: recipe, from: nil, into: run)
  var archive = try SafeTensors(reading: run.segmenter)
  let said = try #require(archive.metadata[key])
  try #require(said.contains(right))
  archive.metadata[key] = said.replacingOccurrences(of: right, with: wrong)
  try archive.write(to: run.segmenter)
  #expect(throws: (any Error).self) {
    try Segmenter(run: run.path).predict(SyntheticScan(seed: 1).volume, modality: "MR")
  }
}
