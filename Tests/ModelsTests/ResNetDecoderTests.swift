import Models
import NN
import Testing
import Torch

private func network(
  _ kind: EncoderArchitecture.Kind, width: Int = 4
) throws -> (store: ParameterStore, scores: (Tensor, Mode) -> [Tensor]) {
  var architecture = EncoderArchitecture()
  (architecture.kind, architecture.width) = (kind, width)
  let store = try ParameterStore(seed: 1)
  let encoder = architecture.build(store.root)
  let decoder = architecture.buildDecoder(store.root, classes: 3)
  return (
    store,
    { decoder.deepLogits(encoder($0, $1), to: ($0.shape[2], $0.shape[3]), $1) }
  )
}

@Suite struct ResNetDecoderTests {
  @Test(arguments: [EncoderArchitecture.Kind.resnet18, .resnet50])
  func scoresHaveTheSizeOfTheImageAndThenOfTheMapsWhateverThatIs(
    _ kind: EncoderArchitecture.Kind
  ) throws {
    let (_, scores) = try network(kind)
    let found = scores(.randomNormal([2, 1, 45, 37], seed: 1), .evaluation).map(\.shape)
    #expect(
      found == [[45, 37], [23, 19], [12, 10], [6, 5], [3, 3]].map { [2, 3] + $0 })
  }

  @Test func namesAndChannelsAreTheDocumentedOnes() throws {
    let (store, _) = try network(.resnet50, width: 64)
    func shape(_ name: String) -> [Int]? { store["decoder." + name]?.shape }
    let skips = [1024, 512, 256, 64, 0]
    let outputs = [256, 128, 64, 32, 16]
    for level in 0..<5 {
      let input = level == 0 ? 2048 : outputs[level - 1]
      #expect(
        shape("stages.\(level).convs.0.conv.weight")
          == [outputs[level], input + skips[level], 3, 3])
      #expect(shape("stages.\(level).convs.1.norm.running_mean") == [outputs[level]])
      #expect(shape("seg_layers.\(level).weight") == [3, outputs[level], 1, 1])
    }
    #expect(shape("stages.5.convs.0.conv.weight") == nil)
  }

  @Test(arguments: [EncoderArchitecture.Kind.resnet18, .resnet50])
  func aFewStepsLearnWhereABrightSquareIs(_ kind: EncoderArchitecture.Kind) throws {
    let (store, scores) = try network(kind, width: 8)
    let side = 33
    let truth = (0..<4 * side * side).map { at -> Int64 in
      let (item, y, x) = (at / (side * side), at / side % side, at % side)
      return 5 + 4 * item..<17 + 4 * item ~= x && 6..<20 ~= y ? 2 : 0
    }
    let target = try Tensor(truth, [4, side, side])
    let image =
      target.unsqueezed(1).to(.float32) + .randomNormal([4, 1, side, side], seed: 2) * 0.3
    let optimizer = AdamW(store.parameters, learningRate: 5e-3)
    func loss() -> Tensor { scores(image, .training)[0].crossEntropy(target) }
    let before = try loss().item()
    for _ in 0..<15 { optimizer.minimize(loss()) }
    #expect(try loss().item() < 0.4 * before)
    let still = store.parameters.filter { $0.tensor.gradient == nil }.map(\.name)
    // The coarser heads are for deep supervision.
    #expect(still.allSatisfy { $0.contains("seg_layers") } && still.count == 8)
  }

  @Test func stagePathsHoldEveryTensorOfTheEncoderOnce() throws {
    for kind in EncoderArchitecture.Kind.allCases {
      var architecture = EncoderArchitecture()
      (architecture.kind, architecture.width) = (kind, 2)
      let store = try ParameterStore()
      let encoder = architecture.build(store.root)
      let paths = architecture.stagePaths
      #expect(paths.count == encoder.channels.count)
      for entry in store.entries {
        let own = paths.joined().filter { entry.name.hasPrefix($0 + ".") }
        #expect(own.count == 1, "\(entry.name)")
      }
    }
  }
}
