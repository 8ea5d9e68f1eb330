import NN
import Testing
import Torch

/// A convolution and a batch norm.
private struct Small {
  let conv: Conv2d
  let norm: BatchNorm2d

  init(_ root: Scope) {
    conv = Conv2d(root / "stem" / 0, 1, 4)
    norm = BatchNorm2d(root / "norm", 4)
  }

  func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor { norm(conv(x), mode) }
}

@Suite struct ParameterStoreTests {
  @Test func pathsOfScopesAreNamesInTheOrderOfMaking() throws {
    let store = try ParameterStore()
    _ = Small(store.root)
    #expect(
      store.entries.map(\.name) == [
        "stem.0.weight", "stem.0.bias", "norm.weight", "norm.bias", "norm.running_mean",
        "norm.running_var", "norm.num_batches_tracked",
      ])
    #expect(store.parameters.count == 4 && store.buffers.count == 3 && store.parameterCount == 48)
    #expect(store["norm.bias"]?.shape == [4] && store["no"] == nil)
  }

  @Test func twoLayersOfOneNameTrap() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let store = try ParameterStore()
      _ = Linear(store.root / "a", 1, 1)
      _ = Linear(store.root / "a", 1, 1)
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("two layers claim the name a.weight"))
  }

  @Test func initialValuesDependOnSeedAndNameOnly() throws {
    let (first, second) = (try ParameterStore(seed: 3), try ParameterStore(seed: 3))
    let a = Linear(first.root / "a", 5, 5)
    _ = Linear(second.root / "b", 7, 7)
    let again = Linear(second.root / "a", 5, 5)
    #expect(try a.weight.floats() == again.weight.floats())
    #expect(try a.weight.floats()[0..<5] != a.bias?.floats()[0..<5] ?? [])
    let other = Linear(try ParameterStore(seed: 4).root / "a", 5, 5)
    #expect(try a.weight.floats() != other.weight.floats())
  }

  @Test func initialValuesHaveTheirBoundsAndDeviations() throws {
    let store = try ParameterStore(seed: 1)
    let conv = Conv2d(store.root / "a", 16, 64)
    let bound = 1 / (16 * 9.0).squareRoot()
    let largest = try conv.weight.absolute().largest().item()
    #expect(largest <= bound && largest > 0.99 * bound)
    let he = Conv2d(store.root / "b", 16, 64, initial: .he(fan: 144, slope: 0.01))
    let variance = try he.weight.variance().item()
    #expect(abs(variance / (2 / (1 + 1e-4) / 144) - 1) < 0.05)
  }

  @Test func loadingKeepsTheMemoryFormatAndReportsWhatFits() throws {
    let store = try ParameterStore(seed: 1, format: .channelsLast)
    let small = Small(store.root)
    let source = try ParameterStore(seed: 2)
    _ = Small(source.root)
    let before = small.conv.weight.strides
    let report = try store.load(source.tensors(prefix: "q."), prefix: "q.")
    #expect(report.isComplete && report.matched == store.entries.map(\.name))
    #expect(small.conv.weight.strides == before && small.conv.weight.isContiguous(.channelsLast))
    #expect(try small.conv.weight.floats() == source["stem.0.weight"]?.floats())
    #expect(small.conv.weight.requiresGradient)
  }

  @Test func strictLoadingThrowsAndChangesNothingAndLooseLoadingTakesWhatFits() throws {
    let store = try ParameterStore(seed: 1)
    let small = Small(store.root)
    let before = try small.conv.weight.floats()
    var tensors = store.tensors()
    tensors["stem.0.weight"] = .ones([4, 1, 3, 3])
    tensors["norm.weight"] = .ones([5])
    tensors["norm.bias"] = nil
    tensors["more"] = .ones([1])
    let error = #expect(throws: NNError.self) { try store.load(tensors) }
    #expect(try small.conv.weight.floats() == before)
    guard case .doesNotFit(let report) = error else { return }
    #expect(report.missing == ["norm.bias"] && report.unexpected == ["more"])
    #expect(report.mismatched.map(\.name) == ["norm.weight"])
    #expect(report.mismatched[0].expected == [4] && report.mismatched[0].found == [5])
    #expect(error?.description.contains("norm.weight ([5], not [4])") == true)
    #expect(try store.load(tensors, strict: false) == report)
    #expect(try small.conv.weight.floats() == [Float](repeating: 1, count: 36))
  }

  @Test func theMomentumCopyIsTheSumOfThePowers() throws {
    let (query, key) = (try ParameterStore(seed: 1), try ParameterStore(seed: 2))
    let (q, k) = (Linear(query.root, 2, 2), Linear(key.root, 2, 2))
    let start = try k.weight.floats()
    var expected = start.map(Double.init)
    for step in 1...5 {
      withoutGradients { q.weight.fill(Double(step)) }
      key.lerp(to: query, weight: 0.1)
      expected = expected.map { 0.9 * $0 + 0.1 * Double(step) }
    }
    #expect(try zip(k.weight.floats(), expected).allSatisfy { abs(Double($0) - $1) < 1e-6 })
  }

  @Test func copyingTakesBuffersAndLerpingLeavesThem() throws {
    let (query, key) = (try ParameterStore(seed: 1), try ParameterStore(seed: 2))
    let (q, k) = (Small(query.root), Small(key.root))
    _ = q(.randomNormal([4, 1, 8, 8], seed: 1), .training)
    key.lerp(to: query, weight: 1)
    #expect(try k.conv.weight.floats() == q.conv.weight.floats())
    #expect(try k.norm.mean.floats() == [0, 0, 0, 0])
    key.copy(from: query)
    #expect(try k.norm.mean.floats() == q.norm.mean.floats() && k.norm.batches.item() == 1)
  }

  @Test func frozenParametersAreNotTrainableAndGetNoGradient() throws {
    let store = try ParameterStore(seed: 1)
    let small = Small(store.root)
    store.freeze(under: "stem")
    #expect(store.trainable.map(\.name) == ["norm.weight", "norm.bias"])
    small(.randomNormal([2, 1, 4, 4], seed: 1), .training).squared().sum().backward()
    #expect(small.conv.weight.gradient == nil && small.norm.weight?.gradient != nil)
    store.setTrainable(true)
    #expect(store.trainable.count == 4)
  }
}
