import Metrics
import Models
import NN
import Segmentation
import Testing
import Torch

@Test func aResNetWithAUNetsDecoderLearnsOnSlicesOfAnySize() throws {
  let store = try SyntheticStore(canvas: [29, 31])
  var recipe = SyntheticStore.recipe(.scratch, steps: 60)
  (recipe.architecture, recipe.deepSupervision) = (.resnet18, true)
  let run = store.run("resnet")
  let result = try finetune(store.slices, recipe: recipe, from: nil, into: run)
  #expect(try #require(result.validationDice) > 0.6)
  let segmenter = try Segmenter(run: run.path, threads: 1)
  let scan = SyntheticScan(seed: 50)
  let mask = try segmenter.predict(scan.volume, modality: "MR", batch: 4)
  #expect(try score(mask, against: scan.mask, case: "scan").meanDice > 0.6)
}

@Test(arguments: [EncoderArchitecture.Kind.resnet18, .resnet50])
func aPretrainedResNetIsProbedAsItIsAndFineTunedStageByStage(
  _ kind: EncoderArchitecture.Kind
) throws {
  let store = try SyntheticStore()
  let encoder = try randomEncoder(store.slices.preparation, kind)
  for mode in [FinetuneMode.linear, .full] {
    var recipe = SyntheticStore.recipe(mode, steps: 3)
    (recipe.layerDecay, recipe.freezeSteps) = (0.8, 1)
    let run = store.run(mode.rawValue)
    let result = try finetune(store.slices, recipe: recipe, from: encoder, into: run)
    #expect(result.encoder?.matched.count == encoder.tensors.count)
    let kept = try SafeTensors(reading: run.segmenter).tensors
    for (name, tensor) in encoder.tensors {
      let isSame = try #require(kept[name]).floats() == tensor.floats()
      #expect(isSame == (mode == .linear), "\(name)")
    }
    let segmenter = try Segmenter(run: run.path, threads: 1)
    let scan = SyntheticScan(seed: 50)
    #expect(try segmenter.predict(scan.volume, modality: "MR").grid == scan.volume.grid)
  }
}

@Test func aCropThatTheNetworkCannotHalveIsRefused() throws {
  let store = try SyntheticStore()
  var recipe = SyntheticStore.recipe(.scratch, steps: 1)
  recipe.augmentation.height = 30
  #expect(throws: SegmentationError.canvasDoesNotFit(height: 30, width: 32, multiple: 4)) {
    try finetune(store.slices, recipe: recipe, from: nil, into: store.run("unfit"))
  }
}
