import Testing

@testable import Torch

@Test func libTorchIsThere() throws {
  try LibTorch.load()
  let x = try Tensor([1, 2, 3, 4] as [Float], [2, 2])
  #expect(try x.matmul(x).floats() == [7, 10, 15, 22])
}
