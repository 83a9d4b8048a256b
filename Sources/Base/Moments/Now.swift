/// The present, as it is given to the code that decides: deadlines use `mono`, which never jumps; texts for people use `wall`.
package struct Now: Sendable, Hashable {
    package var mono: MonoTime
    package var wall: WallTime

    package init(mono: MonoTime, wall: WallTime) {
        self.mono = mono
        self.wall = wall
    }
}
