import CTorch

/// Products and decompositions of matrices.
extension Tensor {
  /// Matrix product of the last two axes, those before them broadcast.
  public func matmul(
    _ other: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) { ctorch_matmul(handle, other.handle, $0) }
  }

  /// Matrix products of a batch: B×n×m times B×m×p.
  public func bmm(
    _ other: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) { ctorch_batched_matmul(handle, other.handle, $0) }
  }

  /// Singular values of the last two axes, largest first.
  public func singularValues(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    trapping(Site(file, line)) { ctorch_singular_values(handle, $0) }
  }

  /// Eigenvalues, smallest first, and eigenvectors (columns) of symmetric matrices.
  ///
  /// Not for derivatives, which divide by the gaps between eigenvalues; see `inverseSquareRoot`.
  public func symmetricEigen(
    file: StaticString = #fileID, line: UInt = #line
  ) -> (values: Tensor, vectors: Tensor) {
    two(Site(file, line)) { ctorch_eigen_symmetric(handle, $0, $1) }
  }

  /// S to the power −1/2 of symmetric positive definite matrices in float64, ...×d×d.
  ///
  /// Its derivative uses divided differences, in which the gap between two eigenvalues has cancelled, so that equal
  /// eigenvalues are as good as any (Daleckii and Krein); there is no second derivative. A matrix with an eigenvalue
  /// that is not positive, or with elements that are no numbers, gives NaN: add a multiple of the identity first.
  public func inverseSquareRoot(
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    require(
      dtype == .float64, "inverseSquareRoot needs float64, this is \(self)", file: file,
      line: line)
    return trapping(Site(file, line)) { ctorch_inverse_square_root(handle, $0) }
  }
}
