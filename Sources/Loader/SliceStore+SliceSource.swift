import SliceStore

/// A slice store is where batches come from in earnest.
extension SliceStore: SliceSource {
  /// Channels of a slice.
  public var channels: Int { attributes.channels }
  /// Rows of a slice.
  public var height: Int { attributes.height }
  /// Columns of a slice.
  public var width: Int { attributes.width }
  /// The normalised value of one stored step.
  public var scale: Float { Float(attributes.scaleFactor) }
  /// The normalised value of a stored 0.
  public var offset: Float { Float(attributes.addOffset) }
  /// The ordinal of the volume that a slice belongs to.
  public func volume(of slice: Int) -> Int { entry(slice).volume }
  /// Where a slice lies along its volume's normal, in millimetres.
  public func position(of slice: Int) -> Float { entry(slice).position }
  /// Whether a slice has a label.
  public func hasLabel(_ slice: Int) -> Bool { entry(slice).hasLabel }

  /// All slices; the store knows where its volumes begin.
  public func selection() -> SliceSelection {
    var all = SliceSelection()
    for (ordinal, volume) in volumes.enumerated() {
      all.append(volume.firstSlice..<volume.firstSlice + volume.sliceCount, volume: ordinal)
    }
    return all
  }
}
