import Imaging
import SliceStore
import TestFolders
import Testing
import Zarr

@Suite struct CohortStoreTests {
  let folder: TemporaryFolder
  let path: String
  init() throws {
    folder = TemporaryFolder(inMemory: true)
    path = folder.path + "/cohort.zarr"
  }

  @Test(arguments: VoxelType.allCases)
  func everyTypeComesBackVoxelForVoxel(type: VoxelType) throws {
    let volume = sample(type)
    let writer = try CohortWriter(path)
    try writer.add(volume: volume, record: record("v", of: volume))
    try writer.finish()
    #expect(try CohortStore(path).volume("v") == volume)
  }

  @Test(arguments: [
    Scaling.identity, .uniform(slope: 0.1, intercept: -1024),
    .perSlice(
      slope: (0..<15).map { 1 + 0.1 * Double($0) }, intercept: Array(repeating: 3, count: 15)),
  ])
  func theMeaningOfValuesComesBack(scaling: Scaling) throws {
    let volume = sample(leading: .time(3), scaling: scaling)
    let writer = try CohortWriter(path)
    try writer.add(volume: volume, record: record("v", of: volume))
    try writer.finish()
    let read = try CohortStore(path).volume("v")
    #expect(read.scaling == scaling)
    #expect(read.values(lead: 2) == volume.values(lead: 2))
  }

  @Test(arguments: [1, 300, 1200, 64 << 20])
  func shardsOfAnySizeHoldTimePointsAndChannels(shardBytes: Int) throws {
    let writer = try CohortWriter(path, shardBytes: shardBytes)
    for id in CohortSamples().ids { try CohortSamples().add(id, to: writer) }
    try writer.finish()
    let store = try CohortStore(path)
    for id in store.ids { #expect(try store.volume(id) == CohortSamples().volume(id)) }
    #expect(try verify(path).problems == [])
  }

  @Test func recordsComeBackSorted() throws {
    try CohortSamples().write(path)
    let store = try CohortStore(path)
    #expect(store.ids == CohortSamples().ids)
    let volumes = try store.volumes
    #expect(volumes.map(\.id) == store.ids)
    var expected = record("b-1", patient: "b-1", of: CohortSamples().volume("b-1"))
    expected.labels = [
      LabelImage(name: "seg", names: [1: "a"]), LabelImage(name: "wide", names: [1: "a"]),
    ]
    #expect(volumes[1] == expected)
    #expect(throws: StoreError.unknown(path: path, name: "e")) { try store.volume("e") }
  }

  @Test func masksComeBack() throws {
    try CohortSamples().write(path)
    let store = try CohortStore(path)
    let volume = CohortSamples().volume("a")
    #expect(try store.label("a", "seg") == mask(on: volume))
    #expect(try store.label("a", "wide") == mask(on: volume, highest: 300))
    #expect(throws: StoreError.self) { try store.label("a", "none") }
    #expect(throws: StoreError.self) { try store.label("d_3", "seg") }
  }

  @Test func theFlatIndexFindsEverySlice() throws {
    try CohortSamples().write(path)
    let store = try CohortStore(path)
    #expect(store.sliceCount == 5 + 15 + 10 + 7)
    var n = 0
    for (ordinal, id) in store.ids.enumerated() {
      let record = try store.record(id)
      for lead in 0..<record.leading.count {
        for z in 0..<record.grid.size.z {
          let slice = store.slice(n)
          #expect((slice.volume, slice.lead, slice.z) == (ordinal, lead, z))
          #expect(abs(Double(slice.position) - record.grid.position(ofSlice: z)) < 1e-4)
          n += 1
        }
      }
    }
  }

  @Test func positionsAreMillimetresAlongTheNormal() {
    let tilted = Grid(
      size: SIMD3(4, 4, 4),
      affine: Affine(
        x: SIMD3(0, 2, 0), y: SIMD3(0, 0, -2), z: SIMD3(-3, 1, 0), origin: SIMD3(10, 20, 30)))
    #expect(tilted.position(ofSlice: 0) == -10)
    #expect(tilted.position(ofSlice: 2) == -4)
  }

  @Test func anUnfinishedStoreSaysSo() throws {
    let writer = try CohortWriter(path)
    try CohortSamples().add("a", to: writer)
    #expect(throws: StoreError.incomplete(path: path)) { try CohortStore(path) }
    try writer.finish()
    try CohortSamples().add("d_3", to: writer)
    #expect(throws: StoreError.incomplete(path: path)) { try CohortStore(path) }
  }
}
