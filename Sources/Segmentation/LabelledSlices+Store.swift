import Foundation
import Loader
import SliceStore

extension LabelledSlices {
  /// All that a slice store knows of its slices, with the split recorded in it.
  public init(_ store: SliceStore) throws {
    self.init(
      source: store, volumes: store.volumes.map { $0.lead == 0 ? $0.id : "\($0.id).\($0.lead)" },
      training: store.split(.train),
      validation: store.split(.validation), labelNames: store.attributes.labelNames,
      preparation: try json(store.attributes.recipe), digest: store.digest)
  }
}
