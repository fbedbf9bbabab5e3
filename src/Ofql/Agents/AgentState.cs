using Ofql.Graph.Optimization;
using Ofql.Graph.Parameters;
using Ofql.Kernels.Randomness;
using Ofql.Partitions;

namespace Ofql.Agents;

/// <summary>Collects the complete state of an agent, piece by piece, under the names that checkpoints use.</summary>
internal sealed class AgentState
{
    public List<StateTensor> Tensors { get; } = [];

    public List<StateInteger> Integers { get; } = [];

    /// <summary>All parameters of a block: <c>name.fc1.weight</c> and so on.</summary>
    public AgentState Add(ParameterBlock block)
    {
        foreach (var tensor in block.Layout.Tensors)
        {
            Tensors.Add(new StateTensor(
                $"{block.Name}.{tensor.Name}", tensor.Shape, values => block.Read(tensor, values), values => block.Write(tensor, values)));
        }

        return this;
    }

    /// <summary>Both moments and the step count of an optimiser.</summary>
    public AgentState Add(Adam optimizer)
    {
        foreach (var tensor in optimizer.Block.Layout.Tensors)
        {
            for (var moment = 1; moment <= 2; moment++)
            {
                var which = moment;
                Tensors.Add(new StateTensor(
                    $"adam.{optimizer.Block.Name}.moment{which}.{tensor.Name}",
                    tensor.Shape,
                    values => optimizer.ReadMoment(which, tensor, values),
                    values => optimizer.WriteMoment(which, tensor, values)));
            }
        }

        Integers.Add(new StateInteger($"adam.{optimizer.Block.Name}.steps", () => optimizer.Steps, value => optimizer.Steps = value));
        return this;
    }

    /// <summary>Numbers of an array that never moves.</summary>
    public AgentState Add(string name, float[] values)
    {
        Tensors.Add(new StateTensor(name, [values.Length], destination => values.CopyTo(destination), source => source.CopyTo(values)));
        return this;
    }

    /// <summary>Q, visits and children of a partition, whose nodes grow.</summary>
    public AgentState Add(string name, AdaptivePartition partition)
    {
        Tensors.Add(new StateTensor(name, [partition.Nodes, 3], partition.Read, partition.Write) { Rows = () => partition.Nodes });
        return this;
    }

    /// <summary>A double, by its bits.</summary>
    public AgentState Add(string name, Func<double> read, Action<double> write) =>
        Add(name, () => BitConverter.DoubleToInt64Bits(read()), bits => write(BitConverter.Int64BitsToDouble(bits)));

    /// <summary>Position of a random stream.</summary>
    public AgentState Add(string name, RandomStream stream)
    {
        Integers.Add(new StateInteger($"stream.{name}", () => (long)stream.Position, value => stream.Position = (ulong)value));
        return this;
    }

    /// <summary>A counter.</summary>
    public AgentState Add(string name, Func<long> read, Action<long> write)
    {
        Integers.Add(new StateInteger(name, read, write));
        return this;
    }
}
