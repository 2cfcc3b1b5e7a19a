import { Column, Entity, ManyToOne, OneToMany, OneToOne, PrimaryColumn, type Relation } from 'typeorm';

@Entity()
export class Brand {
  @PrimaryColumn()
  id!: string;

  @OneToMany(() => Product, (product) => product.brand)
  products!: Product[];
}

@Entity()
export class Product {
  @PrimaryColumn()
  id!: string;

  @Column()
  createdAt!: Date;

  @ManyToOne(() => Brand)
  brand!: Brand; // refused

  @OneToOne(() => Brand, { nullable: true })
  former!: Brand | null; // refused

  @ManyToOne(() => Brand)
  maker!: Relation<Brand>;

  @ManyToOne(() => Brand, { nullable: true })
  seller!: Relation<Brand> | null;

  @ManyToOne(() => Brand, { lazy: true })
  owner!: Promise<Brand>;
}
