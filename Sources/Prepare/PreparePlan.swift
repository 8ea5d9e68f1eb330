import Imaging
import SliceStore
import Zarr

/// What is to be written, settled before the first slice is: the canvas, the channels, the classes,
/// and who is refused. It reads records and masks, no images.
struct PreparePlan {
  /// A volume and the points in time to take of it.
  struct Item {
    let record: CohortVolume
    let leads: [Int]
    let label: String?
  }

  let recipe: PrepareRecipe
  let items: [Item]
  let refused: [PrepareReport.Refusal]
  let attributes: SliceStoreAttributes
  let split: [String: SplitPart]

  init(
    _ cohort: CohortStore, recipe: PrepareRecipe, select: (CohortVolume) -> Bool
  ) throws {
    try recipe.validate()
    let records = try cohort.volumes.filter(select)
    let channels = Self.commonChannels(records, recipe)
    let label = recipe.label ?? records.flatMap(\.labels).map(\.name).min()
    var (items, refused, classes) = ([Item](), [PrepareReport.Refusal](), ClassNames())
    for record in records {
      do throws(PrepareError) {
        try Self.check(record, channels: channels, recipe)
      } catch {
        refused.append(.init(volume: record.id, reason: error))
        continue
      }
      let own = record.labels.first { $0.name == label }
      if let own,
        let problem = classes.add(
          own, present: try cohort.label(record.id, own.name).present, of: record.id)
      {
        refused.append(.init(volume: record.id, reason: problem))
        continue
      }
      items.append(Item(record: record, leads: Self.leads(record, recipe), label: own?.name))
    }
    guard !items.isEmpty else { throw PrepareError.nothingSelected }
    var resolved = recipe
    let canvas = recipe.canvas(for: items.lazy.map(\.record.grid))
    resolved.canvas = canvas
    try resolved.validate()
    guard channels * canvas[0] * canvas[1] <= 1 << 28 else {
      throw PrepareError.badRecipe(
        key: "canvas", problem: "a slice of \(channels) × \(canvas[0]) × \(canvas[1]) is too large")
    }
    (self.recipe, self.items, self.refused) = (resolved, items, refused)
    attributes = SliceStoreAttributes(
      channels: channels, height: canvas[0], width: canvas[1],
      scaleFactor: recipe.scaleFactor, addOffset: recipe.addOffset,
      channelNames: Self.channelNames(items, recipe), labelNames: classes.all,
      recipe: try JSON(encoding: resolved), cohortDigest: cohort.digest,
      shardBytes: recipe.shardBytes ?? 64 << 20, packing: recipe.packing)
    split = try Self.split(items, recipe.split)
  }

  /// How many channels slices of a volume have, or nil when it lacks one that the recipe wants.
  private static func channels(_ record: CohortVolume, _ recipe: PrepareRecipe) -> Int? {
    let there: Int
    if case .channel(let count) = record.leading { there = count } else { there = 1 }
    guard let wanted = recipe.channels else { return there }
    return wanted.allSatisfy { $0 < there } ? wanted.count : nil
  }

  /// The number of channels that most volumes have; the smaller of equally frequent ones.
  private static func commonChannels(_ records: [CohortVolume], _ recipe: PrepareRecipe) -> Int {
    var votes = [Int: Int]()
    for record in records {
      if let count = channels(record, recipe) { votes[count, default: 0] += 1 }
    }
    return votes.max { ($0.value, -$0.key) < ($1.value, -$1.key) }?.key ?? 1
  }

  private static func check(
    _ record: CohortVolume, channels expected: Int, _ recipe: PrepareRecipe
  ) throws(PrepareError) {
    guard let found = channels(record, recipe) else {
      throw .noSuchChannel(
        volume: record.id, channel: recipe.channels?.max() ?? 0, count: record.leading.count)
    }
    guard found == expected else {
      throw .channelMismatch(volume: record.id, found: found, expected: expected)
    }
  }

  private static func leads(_ record: CohortVolume, _ recipe: PrepareRecipe) -> [Int] {
    guard case .time(let count) = record.leading, recipe.time == .each else { return [0] }
    return Array(0..<count)
  }

  private static func channelNames(_ items: [Item], _ recipe: PrepareRecipe) -> [String] {
    guard let names = items.first?.record.channelNames, !names.isEmpty else { return [] }
    let wanted = recipe.channels ?? Array(names.indices)
    return wanted.allSatisfy(names.indices.contains) ? wanted.map { names[$0] } : []
  }

  private static func split(_ items: [Item], _ recipe: SplitRecipe) throws -> [String: SplitPart] {
    let members = items.map {
      Split.Member(
        volume: $0.record.id, patient: $0.record.patient, labelled: $0.label != nil)
    }
    let parts = try Split.assign(members, recipe: recipe)
    return Dictionary(zip(members.map(\.patient), parts)) { first, _ in first }
  }
}

/// The classes of a cohort's masks, gathered mask by mask.
private struct ClassNames {
  private var named = [Int: String]()
  private var present = Set<Int>()

  /// Names as the cohort has them; classes that nobody named by their number. Empty without masks.
  var all: [Int: String] {
    guard !present.isEmpty else { return [:] }
    var all = [0: "background"]
    for number in present where number > 0 { all[number] = "class-\(number)" }
    return all.merging(named) { $1 }
  }

  /// Takes the classes of a mask, or says why it does not go with the others.
  mutating func add(
    _ label: LabelImage, present classes: [Int], of volume: String
  ) -> PrepareError? {
    if let large = (classes + label.names.keys).max(), large > 254 {
      return .classTooLarge(volume: volume, label: large)
    }
    for (number, name) in label.names.sorted(by: { $0.key < $1.key })
    where named[number, default: name] != name {
      return .classNames(volume: volume, label: number, found: name)
    }
    named.merge(label.names) { $1 }
    present.formUnion(classes)
    return nil
  }
}
