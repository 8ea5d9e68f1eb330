/// Why a store could not be opened, written or changed.
///
/// What is wrong with a single file below it comes as Zarr's own error.
public enum StoreError: Error, Sendable, Equatable {
  /// The folder holds no finished store: another command is still to write it, or was killed.
  case incomplete(path: String)
  /// The folder is a store of another kind or a later format.
  case format(path: String, found: String)
  /// A file of the store contradicts itself or another one.
  case damaged(path: String, reason: String)
  /// Another process is writing to the store.
  case busy(path: String)
  /// The unfinished store was begun with other settings.
  case otherSettings(path: String)
  /// A name that cannot be a folder of a Zarr hierarchy, or is too long for a record.
  case name(String)
  /// A volume or label that is not in the store.
  case unknown(path: String, name: String)
  /// The same volume given twice, or after the store was finished.
  case duplicate(path: String, volume: String)
  /// Voxels that do not fit what is said of them.
  case shape(volume: String, reason: String)
  /// A patient without a part of the split, or in two of them.
  case split(patient: String)
}

extension StoreError: CustomStringConvertible {
  /// One sentence: what, what is wrong with it, what to do.
  public var description: String {
    switch self {
    case .incomplete(let path):
      "\(path) is not finished; run the command that writes it again, it takes up where it stopped."
    case .format(let path, let found):
      "\(path) is \(found), which this version cannot use here; give another store."
    case .damaged(let path, let reason):
      "\(path) is damaged (\(reason)); copy it afresh or write the store again."
    case .busy(let path):
      "\(path) is being written by another process; wait for it or stop it."
    case .otherSettings(let path):
      "\(path) was begun with other settings; finish it with those, or remove it and start again."
    case .name(let name):
      "\"\(name)\" cannot name a volume or a label; use letters, digits, dots, dashes, underscores."
    case .unknown(let path, let name):
      "\(path) holds nothing called \(name); list the store to see what it holds."
    case .duplicate(let path, let volume):
      "\(path) already holds volume \(volume); give each volume once."
    case .shape(let volume, let reason):
      "volume \(volume) does not fit its record (\(reason)); read its source again."
    case .split(let patient):
      "patient \(patient) is not in just one part of the split; assign each patient once."
    }
  }
}
