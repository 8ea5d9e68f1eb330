import Testing
import Torch

@Suite struct TensorListTests {
  private func drawn(_ seed: UInt64) -> [Tensor] {
    [[3, 5], [7], [2, 3, 4, 4], []].enumerated().map { n, shape in
      Tensor.randomNormal(shape, seed: seed + UInt64(n)) + 3
    }
  }

  /// What changes a list must change each tensor as it would alone, to the bit.
  private func expectAlike(
    _ list: ([Tensor], [Tensor], [Tensor]) -> Void, _ one: (Tensor, Tensor, Tensor) -> Void
  ) throws {
    let (x, alone, a, b) = (drawn(1), drawn(1), drawn(20), drawn(40))
    list(x, a, b)
    for ((x, a), b) in zip(zip(alone, a), b) { one(x, a, b) }
    for (found, expected) in zip(x, alone) { #expect(try found.floats() == expected.floats()) }
    #expect(try x[0].floats() != drawn(1)[0].floats())
  }

  @Test func aListIsChangedAsEachOfItsTensorsWouldBe() throws {
    try expectAlike({ x, a, _ in x.add(a, scale: 0.3) }, { x, a, _ in x.add(a, scale: 0.3) })
    try expectAlike({ x, _, _ in x.add(0.7) }, { x, _, _ in x.add(0.7) })
    try expectAlike({ x, _, _ in x.multiply(by: 1.7) }, { x, _, _ in x.multiply(by: 1.7) })
    try expectAlike({ x, a, b in x.addProduct(a, b, scale: -2) }) {
      [$0].addProduct([$1], [$2], scale: -2)
    }
    try expectAlike({ x, a, b in x.addQuotient(a, b, scale: -2) }) {
      [$0].addQuotient([$1], [$2], scale: -2)
    }
    try expectAlike({ x, a, _ in x.lerp(to: a, weight: 0.1) }) { x, a, _ in
      x.lerp(to: a, weight: 0.1)
    }
    let factor = try Tensor([0.4 as Float], [])
    try expectAlike({ x, _, _ in x.multiply(by: factor) }) { x, _, _ in x.multiply(by: factor) }
  }

  @Test func productsAndQuotientsAreAddedWithTheirScale() throws {
    let (x, a, b) = (drawn(1), drawn(20), drawn(40))
    x.addProduct(a, b, scale: -2)
    x.addQuotient(a, b, scale: 0.5)
    for ((x, before), (a, b)) in zip(zip(x, drawn(1)), zip(a, b)) {
      let expected = before - a * b * 2 + a / b * 0.5
      let error = (x - expected).absolute() / (expected.absolute() + 1)
      #expect(try error.floats().allSatisfy { $0 < 1e-5 })
    }
  }

  @Test func functionsOfAListAreThoseOfItsTensors() throws {
    let x = drawn(1)
    for ((root, norm), each) in zip(zip(x.squareRoots(), x.norms()), x) {
      #expect(try root.floats() == each.squareRoot().floats())
      #expect(abs(try norm.item() - each.squared().sum().squareRoot().item()) < 1e-5)
    }
  }

  @Test func anEmptyListIsLeftAlone() {
    let none: [Tensor] = []
    none.multiply(by: 2)
    #expect(none.squareRoots().isEmpty && none.norms().isEmpty)
  }
}
