namespace Ofql.Partitions;

/// <summary>
/// The adaptive partition of adaptive Q-learning (arXiv 1910.08151) and of its single-partition kin (arXiv 2007.06741): one tree per
/// time step, or one for all, over the unit cube [0, 1]^D of states and actions, D = S + A. A node is a cube with a value Q and a count of
/// visits; a leaf is a cell. A split halves a cell in every dimension, into 2^D children that inherit both numbers.
/// </summary>
/// <remarks>
/// Points are given as 32 bits per dimension (<see cref="UnitCube"/>): the bit of a level says which half holds the point, so that every
/// point lies in exactly one cell. Child k of a node holds the points whose bits are k, states in the low bits. Node arrays grow by
/// doubling; nothing else allocates. Reading is safe from several threads as long as nobody writes.
/// </remarks>
internal sealed class AdaptivePartition
{
    /// <summary>Most dimensions D: a split makes 2^D nodes.</summary>
    public const int MaximumDimensions = 16;

    /// <summary>Most halvings: a float tells no finer places in [1/2, 1].</summary>
    public const int MaximumDepth = 24;

    /// <summary>Most nodes and visits: whole numbers that the float tensors of files hold exactly.</summary>
    public const int MaximumCount = 1 << 24;

    private const int FirstCapacity = 1 << 12;
    private const int Bits = 32;

    private readonly int _stateSize;
    private readonly int _actionSize;
    private readonly int _maximumNodes;
    private float[] _values;
    private int[] _visits;
    private int[] _children;
    private int[] _parents;

    /// <param name="stateSize">S.</param>
    /// <param name="actionSize">A.</param>
    /// <param name="trees">Number of trees; each begins as a single cell.</param>
    /// <param name="maximumNodes">Nodes in all trees from which on no cell is split any more.</param>
    /// <param name="firstValue">Q of the first cells.</param>
    /// <exception cref="UsageException">Too many dimensions.</exception>
    public AdaptivePartition(int stateSize, int actionSize, int trees, int maximumNodes, float firstValue)
    {
        if (stateSize + actionSize > MaximumDimensions)
        {
            throw new UsageException(
                $"A tree over states of {stateSize} and actions of {actionSize} numbers would split every cell into 2^{stateSize + actionSize}; at most "
                + $"2^{MaximumDimensions} is possible. Adaptive partitions are for small tasks such as pendulum and cartpole: choose another agent.");
        }

        _stateSize = stateSize;
        _actionSize = actionSize;
        _maximumNodes = maximumNodes;
        Trees = trees;
        var capacity = Math.Max(trees, FirstCapacity);
        _values = new float[capacity];
        _visits = new int[capacity];
        _children = new int[capacity];
        _parents = new int[capacity];
        Nodes = trees;
        _values.AsSpan(0, trees).Fill(firstValue);
    }

    /// <summary>Number of trees: their roots are the first nodes.</summary>
    public int Trees { get; }

    /// <summary>Nodes of all trees, inner ones included.</summary>
    public int Nodes { get; private set; }

    /// <summary>Children of a split, 2^D.</summary>
    public int Children => 1 << (_stateSize + _actionSize);

    /// <summary>Cells of all trees.</summary>
    public int Cells => Trees + ((Nodes - Trees) / Children * (Children - 1));

    /// <summary>Q of a node.</summary>
    public float Value(int node) => _values[node];

    /// <summary>Visits of a node, those of its ancestors before they were split included.</summary>
    public int Visits(int node) => _visits[node];

    /// <summary>First child; 0 for a cell.</summary>
    public int FirstChild(int node) => _children[node];

    /// <summary>The cell that holds a point, and the number of halvings that made it.</summary>
    public int Find(int tree, ReadOnlySpan<uint> state, ReadOnlySpan<uint> action, out int depth)
    {
        var node = tree;
        for (depth = 0; _children[node] != 0; depth++)
            node = _children[node] + BitsAt(state, depth) + (BitsAt(action, depth) << _stateSize);
        return node;
    }

    /// <summary>The cell of largest Q among those that hold a state; the first of equals.</summary>
    public int Best(int tree, ReadOnlySpan<uint> state)
    {
        var best = -1;
        Best(tree, 0, state, ref best);
        return best;
    }

    /// <summary>All cells that hold a state, in a fixed order; the array is replaced by a larger one where they are more.</summary>
    /// <returns>Their number.</returns>
    public int List(int tree, ReadOnlySpan<uint> state, ref int[] cells)
    {
        var count = 0;
        List(tree, 0, state, ref cells, ref count);
        return count;
    }

    /// <summary>Counts a visit, up to <see cref="MaximumCount"/>, and returns the number of them.</summary>
    public int Visit(int node) => _visits[node] = Math.Min(_visits[node] + 1, MaximumCount);

    /// <summary>Sets Q of a node.</summary>
    public void Set(int node, float value) => _values[node] = value;

    /// <summary>Splits a cell, unless it is as small, or the nodes are as many, as can be. Allocates where the arrays must grow.</summary>
    public void Split(int node, int depth)
    {
        if (depth >= MaximumDepth || Nodes + Children > _maximumNodes)
            return;
        var first = Nodes;
        Reserve(Nodes += Children);
        _children[node] = first;
        _children.AsSpan(first, Children).Clear();
        _values.AsSpan(first, Children).Fill(_values[node]);
        _visits.AsSpan(first, Children).Fill(_visits[node]);
        _parents.AsSpan(first, Children).Fill(node);
    }

    /// <summary>The lower corner [A] of a node in the dimensions of the action, and its depth.</summary>
    public int ActionCorner(int node, Span<uint> corner)
    {
        var depth = Depth(node);
        corner.Clear();
        for (var level = depth - 1; level >= 0; level--, node = _parents[node])
        {
            var bits = (node - Trees) % Children >> _stateSize;
            for (var i = 0; i < _actionSize; i++)
                corner[i] |= (uint)((bits >> i) & 1) << (Bits - 1 - level);
        }

        return depth;
    }

    /// <summary>Number of halvings that made a node.</summary>
    public int Depth(int node)
    {
        var depth = 0;
        for (; node >= Trees; node = _parents[node])
            depth++;
        return depth;
    }

    /// <summary>Becomes a copy of another partition of the same sizes.</summary>
    public void CopyFrom(AdaptivePartition other)
    {
        Reserve(Nodes = other.Nodes);
        other._values.AsSpan(0, Nodes).CopyTo(_values);
        other._visits.AsSpan(0, Nodes).CopyTo(_visits);
        other._children.AsSpan(0, Nodes).CopyTo(_children);
        other._parents.AsSpan(0, Nodes).CopyTo(_parents);
    }

    /// <summary>Writes Q, visits and first child of every node [Nodes, 3].</summary>
    public void Read(Span<float> rows)
    {
        for (var node = 0; node < Nodes; node++)
            (rows[3 * node], rows[(3 * node) + 1], rows[(3 * node) + 2]) = (_values[node], _visits[node], _children[node]);
    }

    /// <summary>Becomes what <see cref="Read"/> wrote of a partition of the same sizes, whatever the number of its nodes.</summary>
    /// <exception cref="OfqlException">The rows do not describe trees.</exception>
    public void Write(ReadOnlySpan<float> rows)
    {
        var nodes = rows.Length / 3;
        if (nodes < Trees || nodes > MaximumCount || (nodes - Trees) % Children != 0)
            throw Damaged($"it has {nodes} nodes; expected {Trees} roots and {Children} for each split");
        Reserve(Nodes = nodes);
        _parents.AsSpan(0, nodes).Fill(-1);
        var blocks = 0;
        for (var node = 0; node < nodes; node++)
        {
            _values[node] = rows[3 * node];
            _visits[node] = (int)rows[(3 * node) + 1];
            blocks += Adopt(node, rows[(3 * node) + 2]);
        }

        if (blocks != (nodes - Trees) / Children)
            throw Damaged($"{blocks} of its {(nodes - Trees) / Children} splits belong to a node");
    }

    // Children lie behind their parent, so that walking down or up ends.
    private int Adopt(int node, float child)
    {
        _children[node] = 0;
        if (child == 0)
            return 0;
        var first = (int)child;
        if (!(child > node) || child != first || first < Trees || (first - Trees) % Children != 0 || first + Children > Nodes || _parents[first] >= 0 || Depth(node) >= MaximumDepth)
            throw Damaged($"node {node} has its children at {child}");
        _children[node] = first;
        _parents.AsSpan(first, Children).Fill(node);
        return 1;
    }

    private static OfqlException Damaged(string what) => new($"The tree of the partition is damaged: {what}. Export the policy again, or go back to another checkpoint.");

    private void Best(int node, int depth, ReadOnlySpan<uint> state, ref int best)
    {
        if (_children[node] == 0)
        {
            if (best < 0 || _values[node] > _values[best])
                best = node;
            return;
        }

        var first = _children[node] + BitsAt(state, depth);
        for (var action = 0; action < 1 << _actionSize; action++)
            Best(first + (action << _stateSize), depth + 1, state, ref best);
    }

    private void List(int node, int depth, ReadOnlySpan<uint> state, ref int[] cells, ref int count)
    {
        if (_children[node] == 0)
        {
            if (count == cells.Length)
                Array.Resize(ref cells, 2 * count);
            cells[count++] = node;
            return;
        }

        var first = _children[node] + BitsAt(state, depth);
        for (var action = 0; action < 1 << _actionSize; action++)
            List(first + (action << _stateSize), depth + 1, state, ref cells, ref count);
    }

    private static int BitsAt(ReadOnlySpan<uint> point, int depth)
    {
        uint bits = 0;
        for (var i = 0; i < point.Length; i++)
            bits |= (point[i] >> (Bits - 1 - depth) & 1) << i;
        return (int)bits;
    }

    private void Reserve(int nodes)
    {
        if (nodes <= _values.Length)
            return;
        var capacity = Math.Max(nodes, 2 * _values.Length);
        Array.Resize(ref _values, capacity);
        Array.Resize(ref _visits, capacity);
        Array.Resize(ref _children, capacity);
        Array.Resize(ref _parents, capacity);
    }
}
