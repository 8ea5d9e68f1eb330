import Torch

/// Why two tensors cannot be compared.
public enum NotComparable: Error {
  case missing
  case shapes([Int], [Int])
}

/// The largest difference of two elements; throws where there is no second tensor, or one of another shape.
public func difference(_ a: Tensor, _ b: Tensor?) throws -> Double {
  guard let b else { throw NotComparable.missing }
  guard a.shape == b.shape else { throw NotComparable.shapes(a.shape, b.shape) }
  return try (a.to(.float64) - b.to(.float64)).absolute().largest().item()
}

/// An archive in the folder `Fixtures` beside the file that asks for it.
public func fixture(_ name: String, beside file: String = #filePath) throws -> SafeTensors {
  let folder = file[..<(file.lastIndex(of: "/") ?? file.startIndex)]
  return try SafeTensors(reading: "\(folder)/Fixtures/\(name).safetensors")
}
