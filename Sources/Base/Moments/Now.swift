/// The present, as it is given to what decides: deadlines use `mono`, which never jumps; what people read uses `wall`.
package struct Now: Sendable, Hashable {
    package var mono: MonoTime
    package var wall: WallTime

    package init(mono: MonoTime, wall: WallTime) {
        self.mono = mono
        self.wall = wall
    }
}
