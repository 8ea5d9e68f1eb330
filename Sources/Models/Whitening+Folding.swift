import NN
import Torch

/// In evaluation, whitening is y = A x + b, and can disappear into a linear neighbour.
extension Whitening {
  /// A (C×C, blocks on the diagonal) and b (C) of the running statistics, float64, scale and shift included.
  public func affineMap() -> (matrix: Tensor, shift: Tensor) {
    withoutGradients {
      let blocks = evaluationWhitener()  // groups×width×width
      let matrix = Tensor.zeros([channels, channels], .float64, device: mean.device)
      for group in 0..<channels / width {
        let range = group * width..<(group + 1) * width
        matrix[range].narrowed(axis: 1, range).copy(from: blocks[group])
      }
      let shift = -matrix.matmul(mean.to(.float64).reshaped([channels, 1])).reshaped([channels])
      guard let weight, let bias else { return (matrix, shift) }
      let scale = weight.to(.float64)
      return (matrix * scale.reshaped([channels, 1]), shift * scale + bias.to(.float64))
    }
  }

  /// Weight and bias that do to the features what whitening and then this linear layer (O×C) or 1×1 convolution
  /// (O×C×1×1) do: L A, and L b + its bias. Pooling in between changes nothing.
  public func foldedForward(
    into weight: Tensor, bias: Tensor?
  ) -> (weight: Tensor, bias: Tensor) {
    require(
      weight.shape.dropFirst(2).allSatisfy { $0 == 1 },
      "only 1×1 convolutions can take whitening in: this kernel is \(weight.shape)")
    return withoutGradients {
      let (matrix, shift) = affineMap()
      let flat = weight.to(.float64).reshaped([weight.shape[0], channels])  // O×C
      let moved = flat.matmul(shift.reshaped([channels, 1])).reshaped([-1])  // O
      let total = bias.map { moved + $0.to(.float64) } ?? moved
      return (
        flat.matmul(matrix).reshaped(weight.shape).to(weight.dtype), total.to(weight.dtype)
      )
    }
  }

  /// Weight and bias that do to the input what this linear layer or convolution (C×I×k×k) and then whitening do: A K,
  /// and A · its bias + b.
  public func foldedBackward(
    into weight: Tensor, bias: Tensor?
  ) -> (weight: Tensor, bias: Tensor) {
    require(
      weight.shape[0] == channels,
      "a layer of \(weight.shape[0]) outputs before \(channels) channels")
    return withoutGradients {
      let (matrix, shift) = affineMap()
      let flat = weight.to(.float64).reshaped([channels, -1])  // C×(I·k·k)
      let moved = bias.map {
        matrix.matmul($0.to(.float64).reshaped([channels, 1])).reshaped([channels]) + shift
      }
      return (
        matrix.matmul(flat).reshaped(weight.shape).to(weight.dtype),
        (moved ?? shift).to(weight.dtype)
      )
    }
  }
}
